import type { Environment } from "../../config/read-settings.ts";
import { describeFailure } from "../../errors/describe-failure.ts";
import { OtcError } from "../../errors/otc-error.ts";
import { nameFlags } from "../options/name-flags.ts";
import { documentWarnings } from "../../runs/document-warnings.ts";
import type { LoadOutcome } from "../../runs/outcome.ts";
import type { PlanOutcome } from "../../load/plan/plan-outcome.ts";

/**
 * One view's outcome as one line of JSON.
 *
 * @param flags settings given as flags, by name without dashes; a failure names them instead of the variables
 */
export function outcomeJson(outcome: LoadOutcome | PlanOutcome, flags: Environment): string {
  if (outcome.status === "failed") {
    const { error, ...rest } = outcome;
    const failure = describeFailure(error);
    const message = nameFlags(failure.message, flags);
    return JSON.stringify({
      ...rest,
      error: message,
      ...(error instanceof OtcError ? { errorCode: error.code } : {}),
      code: failure.code,
      message,
      remedy: failure.remedy === null ? null : nameFlags(failure.remedy, flags),
    });
  }
  const { drift, ...rest } = outcome;
  return JSON.stringify({
    ...rest,
    warnings: documentWarnings(outcome),
    unknownFields: Object.fromEntries(drift.unknownFields),
    absentFields: drift.absentFields,
  });
}

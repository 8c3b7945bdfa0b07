import { describeFailure } from "../../errors/describe-failure.ts";
import { OtcError } from "../../errors/otc-error.ts";
import { documentWarnings } from "../../runs/document-warnings.ts";
import type { LoadOutcome } from "../../runs/outcome.ts";
import type { PlanOutcome } from "../../load/plan/plan-outcome.ts";

/** One view's outcome as one line of JSON. */
export function outcomeJson(outcome: LoadOutcome | PlanOutcome): string {
  if (outcome.status === "failed") {
    const { error, ...rest } = outcome;
    return JSON.stringify({
      ...rest,
      error: error.message,
      ...(error instanceof OtcError ? { errorCode: error.code } : {}),
      ...describeFailure(error),
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

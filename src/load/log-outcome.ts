import type { Logger } from "pino";
import { OtcError } from "../errors/otc-error.ts";
import { documentWarnings } from "../runs/document-warnings.ts";
import type { LoadOutcome } from "../runs/outcome.ts";
import type { PlanOutcome } from "./plan/plan-outcome.ts";

/**
 * Logs how a load or plan ended: its counts, that it was committed or rolled back and why, and what was odd about the
 * document.
 *
 * @param reasons how many records went to quarantine for each reason
 */
export function logOutcome(
  log: Logger,
  outcome: LoadOutcome | PlanOutcome,
  reasons: ReadonlyMap<string, number>,
): void {
  const { view, runId, fetched, inserted, updated, skipped, errors, durationMs } = outcome;
  const counts = { view, run: runId, fetched, inserted, updated, skipped, errors, durationMs };
  if (outcome.status === "failed") {
    log.error({ ...counts, ...errorFields(outcome.error) }, `rolled back: ${outcome.error.message}`);
    return;
  }
  if (outcome.status === "planned") {
    log.info(counts, "planned, and rolled back");
  } else if (outcome.status === "partial") {
    log.warn({ ...counts, quarantine: Object.fromEntries(reasons) }, "committed, with records in quarantine");
  } else {
    log.info(counts, "committed");
  }
  log.debug({ view, run: runId, ...outcome.metrics }, "what it cost");
  for (const message of documentWarnings(outcome)) log.warn({ view, run: runId }, message);
  const { records, unknownFields, absentFields } = outcome.drift;
  if (unknownFields.size > 0) {
    const fields = Object.fromEntries(unknownFields);
    log.warn({ view, run: runId, fields }, "schema drift: unknown fields; rows keep them in extra");
  }
  if (records > 0 && absentFields.length > 0) {
    log.warn({ view, run: runId, fields: absentFields }, "schema drift: no record has these fields");
  }
  for (const { kind, message } of outcome.driftWarnings) {
    log.warn({ view, run: runId, kind }, `schema drift since the last load: ${message}`);
  }
}

function errorFields(error: Error): Record<string, string> {
  if (!(error instanceof OtcError)) return { stack: error.stack ?? "" };
  return { code: error.code, ...(error.remedy === undefined ? {} : { remedy: error.remedy }) };
}

import type { Logger } from "pino";
import { OtcError } from "../errors/otc-error.ts";
import { documentWarnings } from "../runs/document-warnings.ts";
import type { CommittedLoad, FailedLoad, LoadOutcome } from "../runs/outcome.ts";
import type { RunKind } from "../runs/run-kind.ts";
import { shownStatus } from "../runs/health/shown-status.ts";
import { formatCount, formatNumberOf } from "../format/format.ts";

/** A load that came to its end, whether it was then committed or not. */
type FinishedLoad = Omit<CommittedLoad, "status" | "runId"> & Pick<FailedLoad, "runId">;

/** The rejected records of a load. */
interface CountedRejects {
  readonly count: number;
  readonly stored: number;
  /** How many there are for each reason and field. */
  readonly reasons: ReadonlyMap<string, number>;
}

/**
 * Logs how a load ended: its counts, that it was committed or rolled back and why, and what was odd about the document.
 *
 * @param rejects the rejected records; undefined when no run was recorded
 */
export function logOutcome(
  log: Logger,
  outcome: LoadOutcome,
  kind: RunKind,
  rejects: CountedRejects | undefined,
): void {
  if (rejects !== undefined && rejects.stored < rejects.count) logCountedRejects(log, outcome, rejects);
  if (outcome.status === "failed") {
    logFailure(log, outcome);
    return;
  }
  if (outcome.missingProblem !== null) {
    log.warn({ view: outcome.view, run: outcome.runId }, outcome.missingProblem);
  }
  if (outcome.status === "partial" && outcome.errors > 0) {
    const quarantine = Object.fromEntries(rejects?.reasons ?? []);
    log.warn({ ...loggedCounts(outcome), quarantine }, "committed, with records in quarantine");
  } else {
    log.info(loggedCounts(outcome), "committed");
  }
  logFindings(log, outcome, kind);
}

function logCountedRejects(
  log: Logger,
  { view, runId }: LoadOutcome,
  { count, stored, reasons }: CountedRejects,
): void {
  log.warn(
    { view, run: runId, reasons: Object.fromEntries(reasons) },
    `The quarantine stores ${formatCount(stored)} of ${formatNumberOf(count, "rejected record")}; the others are counted by reason. ` +
      "OTC_MAX_STORED_REJECTS sets how many are stored.",
  );
}

/** Logs that a load was rolled back, and why. A load that was skipped or interrupted is no failure, and only a warning. */
export function logFailure(log: Logger, failed: FailedLoad): void {
  const { error } = failed;
  const fields = { ...loggedCounts(failed), ...errorFields(error) };
  const status = shownStatus({
    status: failed.status,
    errorCode: error instanceof OtcError ? error.code : null,
  });
  if (status === "failed") log.error(fields, `rolled back: ${error.message}`);
  else log.warn(fields, `${status}: ${error.message}`);
}

/** What is logged of a load in any case. */
export function loggedCounts(outcome: FinishedLoad | FailedLoad): Record<string, string | number | null> {
  const { view, runId, fetched, inserted, updated, skipped, errors, durationMs } = outcome;
  const { missing, returned, rekeyed, late } = outcome;
  return {
    ...{ view, run: runId, fetched, inserted, updated, skipped, errors },
    // Most nights nothing is missing or late.
    ...(missing + returned + rekeyed > 0 ? { missing, returned, rekeyed } : {}),
    ...(late > 0 ? { late } : {}),
    durationMs,
  };
}

/** Logs what a load cost, and what was odd about its document. */
export function logFindings(log: Logger, load: FinishedLoad, kind: RunKind): void {
  const { view, runId } = load;
  log.debug({ view, run: runId, ...load.metrics }, "what it cost");
  for (const message of documentWarnings(load)) log.warn({ view, run: runId }, message);
  if (load.wrongFingerprints !== undefined && load.wrongFingerprints > 0) {
    const rows = load.wrongFingerprints;
    log.warn(
      { view, run: runId, rows },
      "rows had the fingerprint of their record and differed from it: somebody changed them while triggers were off",
    );
  }
  logDrift(log, load, kind);
}

/** The fields of an exported file are its own, and those of rejected records are reported already: neither is drift. */
function logDrift(log: Logger, load: FinishedLoad, kind: RunKind): void {
  if (kind === "retry") return;
  const { view, runId } = load;
  const drift = kind === "import" ? "" : "schema drift: ";
  const { records, unknownFields, absentFields } = load.drift;
  if (unknownFields.size > 0) {
    const fields = Object.fromEntries(unknownFields);
    log.warn({ view, run: runId, fields }, `${drift}unknown fields; rows keep them in extra`);
  }
  if (records > 0 && absentFields.length > 0) {
    log.warn({ view, run: runId, fields: absentFields }, `${drift}no record has these fields`);
  }
  for (const { kind: change, message } of load.driftWarnings) {
    log.warn({ view, run: runId, kind: change }, `schema drift since the last load: ${message}`);
  }
}

function errorFields(error: Error): Record<string, string> {
  if (!(error instanceof OtcError)) return { stack: error.stack ?? "" };
  return { code: error.code, ...(error.remedy === undefined ? {} : { remedy: error.remedy }) };
}

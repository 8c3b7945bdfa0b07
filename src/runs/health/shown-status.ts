import type { ErrorCode } from "../../errors/otc-error.ts";
import type { RecordedRun } from "../recorded-run.ts";

/** A run that ended without a result, although nothing is wrong with the view. */
type Undone = "skipped" | "interrupted";

/** The status of a run as people see it. */
export type ShownStatus = RecordedRun["status"] | Undone;

/**
 * Skipped: another run held the view's lock, or no request to OTC was allowed. Interrupted: somebody ended the process.
 * Both are recorded as `failed`, with one of these codes.
 */
const UNDONE: ReadonlyMap<string | null, Undone> = new Map<ErrorCode, Undone>([
  ["locked", "skipped"],
  ["rate_limited", "skipped"],
  ["circuit_open", "skipped"],
  ["interrupted", "interrupted"],
]);

/** Every status that people see. */
export const SHOWN_STATUSES = [
  "running",
  "success",
  "partial",
  "failed",
  "abandoned",
  "skipped",
  "interrupted",
] as const satisfies readonly ShownStatus[];

/** The error codes of runs that say nothing about the state of a view's loads. */
export const UNDONE_CODES: readonly (string | null)[] = [...UNDONE.keys()];

/** Whether a run is a result, so that it counts in the state of a view's loads. */
export function isJudged({ errorCode }: Pick<RecordedRun, "errorCode">): boolean {
  return !UNDONE.has(errorCode);
}

/** The status of a run as people see it: a run that was skipped or interrupted is no failure. */
export function shownStatus<Status extends string>({
  status,
  errorCode,
}: {
  readonly status: Status;
  readonly errorCode: string | null;
}): Status | Undone {
  return (status === "failed" ? UNDONE.get(errorCode) : undefined) ?? status;
}

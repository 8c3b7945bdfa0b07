import type { RecordedRun } from "../recorded-run.ts";

/** What a load counts beside its records because it should be rare. */
const UNUSUAL_COUNTS = ["missing", "rekeyed", "late"] as const;

/** A count of the last committed load that is higher than usual. */
export interface UnusualRows {
  readonly count: (typeof UNUSUAL_COUNTS)[number];
  readonly rows: number;
  /** The median of the loads before it. */
  readonly usual: number;
}

/** People correct and enter some records late every night. Twice as many as usual are worth a look. */
const UNUSUAL_FACTOR = 2;

/** So small a part of the document is what people correct by hand, also where they do so on few nights. */
const NEVER_UNUSUAL_RATIO = 0.0001;

/**
 * The counts of a load that are higher than usual.
 *
 * @param earlier the committed loads before it, in any order
 */
export function unusualRows(
  last: RecordedRun | undefined,
  earlier: readonly RecordedRun[],
): readonly UnusualRows[] {
  if (last === undefined) return [];
  const floor = NEVER_UNUSUAL_RATIO * (last.fetched ?? 0);
  return UNUSUAL_COUNTS.flatMap((count) => {
    const rows = last[count] ?? 0;
    const usual = median(earlier.flatMap((run) => run[count] ?? [])) ?? 0;
    return rows > Math.max(UNUSUAL_FACTOR * usual, floor) ? [{ count, rows, usual }] : [];
  });
}

/** The median of some numbers, the lower one of two; undefined when there are none. */
export function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}

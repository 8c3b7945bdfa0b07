import type { RecordRandom } from "./record-random.ts";

/**
 * When a record will change: `changes` instants in ascending order, within `span` seconds after `born`.
 *
 * The whole life is drawn at once, in time that does not depend on the day asked for. The cube makes changes dense
 * at first (half of them in the first eighth of the span): what is recent is what people work on.
 */
export function changeTimes(random: RecordRandom, born: number, span: number, changes: number): number[] {
  const times: number[] = [];
  for (let change = 0; change < changes; change += 1) {
    const quantile = (change + random.fraction()) / changes;
    times.push(born + Math.floor(span * quantile * quantile * quantile));
  }
  return times;
}

/** How many of the ascending `times` are before `end`. */
export function changesBefore(times: readonly number[], end: number): number {
  let step = 0;
  while ((times[step] ?? end) < end) step += 1;
  return step;
}

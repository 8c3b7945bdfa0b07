import type { SoakOptions } from "../options.ts";
import type { RoundsResult } from "../run-rounds.ts";
import { listOf } from "./list-of.ts";

const MEGABYTE = 1024 * 1024;

/** The result in words, with the largest figures of the first and of the last third of the time. */
export function renderRounds({ seed, minutes = 0 }: SoakOptions, result: RoundsResult): string {
  const { samples, sizes, answers } = result;
  const third = Math.ceil(samples.length / 3);
  const [first, last] = [samples.slice(0, third), samples.slice(-third)];
  const largest = (entries: typeof samples, of: "workerBytes" | "pageBytes") =>
    Math.round(Math.max(0, ...entries.map((sample) => sample[of] ?? 0)) / MEGABYTE);
  const begin = sizes.at(0);
  const end = sizes.at(-1);
  return [
    "",
    `${result.rounds} rounds in ${minutes} minutes. Seed ${seed}.`,
    `Faults: ${listOf(result.faults)}.`,
    `Processes that ended because the database was away at their start, and were started again: ${result.restarts}.`,
    `Runs on record: ${listOf(result.outcomes)}.`,
    `Largest memory in the first and in the last third: worker ${largest(first, "workerBytes")} and ` +
      `${largest(last, "workerBytes")} MB, page ${largest(first, "pageBytes")} and ${largest(last, "pageBytes")} MB.`,
    `Most sessions: ${Math.max(0, ...samples.map(({ sessions }) => sessions ?? 0))}.`,
    `The page said ${answers.ready} times that it was ready, ${answers.notReady} times that it was not, ` +
      `and was being restarted ${answers.absent} times; its slowest answer took ${answers.slowestMs} ms.`,
    ...(begin === undefined || end === undefined
      ? []
      : [
          `Tables ${inMegabytes(begin.tableBytes)} and then ${inMegabytes(end.tableBytes)} MB, indexes ` +
            `${inMegabytes(begin.indexBytes)} and then ${inMegabytes(end.indexBytes)} MB, for ${begin.rows} and then ${end.rows} rows.`,
        ]),
    ...(result.problems.length === 0
      ? ["The tables, the runs and the quarantine equal the model after each round."]
      : ["THESE DO NOT HOLD:", ...result.problems]),
    "",
  ].join("\n");
}

function inMegabytes(bytes: number): string {
  return (bytes / MEGABYTE).toFixed(1);
}

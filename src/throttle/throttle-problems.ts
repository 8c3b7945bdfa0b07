import type { CircuitStatus } from "./read-circuit.ts";

/** Something that is wrong with the records of requests to OTC. */
interface ThrottleProblem {
  readonly text: string;
  /** What to do next; null when the sentence says it. */
  readonly remedy: string | null;
}

/** What is wrong with the records of requests to OTC. */
export function throttleProblems({
  futureRequests,
  lastFutureRequestAt,
}: CircuitStatus): readonly ThrottleProblem[] {
  if (futureRequests === 0 || lastFutureRequestAt === null) return [];
  return [
    {
      text:
        `OTC: ${futureRequests} requests are recorded later than the clock of the database allows, the last one at ` +
        `${lastFutureRequestAt.toISOString()}. They are ignored. Check the clock of the database server, and delete them from etl_requests.`,
      remedy: null,
    },
  ];
}

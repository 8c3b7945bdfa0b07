import type { CircuitStatus } from "./read-circuit.ts";
import { formatNumberOf } from "../format/format.ts";

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
        `OTC: etl_requests has ${formatNumberOf(futureRequests, "request")} later than the clock of the database allows, the last one at ` +
        `${lastFutureRequestAt.toISOString()}. Such requests are ignored. Check the clock of the database server, and delete them from etl_requests.`,
      remedy: null,
    },
  ];
}

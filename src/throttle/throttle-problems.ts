import type { CircuitStatus } from "./read-circuit.ts";

/** What is wrong with the records of requests to OTC, one sentence per problem. */
export function throttleProblems({ futureRequests, lastFutureRequestAt }: CircuitStatus): readonly string[] {
  if (futureRequests === 0 || lastFutureRequestAt === null) return [];
  return [
    `OTC: ${futureRequests} requests are recorded later than the clock of the database allows, the last one at ` +
      `${lastFutureRequestAt.toISOString()}. They are ignored. Check the clock of the database server, and delete them from etl_requests.`,
  ];
}

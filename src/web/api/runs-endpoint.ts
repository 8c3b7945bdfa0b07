import { readRuns } from "../../runs/queries/read-runs.ts";
import { chosenRunsOf, RUN_PARAMETERS } from "../runs/run-choice.ts";
import type { Endpoint, JsonAnswer } from "./endpoint.ts";

const RUNS_LISTED = 100;

/** A page of runs, newest first unless they are sorted, with the parameters of the page of runs and all recorded values. */
export const runsEndpoint: Endpoint = {
  path: "/api/runs",
  parameters: RUN_PARAMETERS,
  answer: async (request) => {
    const { page, choice, problems } = chosenRunsOf(request);
    if (problems.length > 0) return refusedChoice(problems);
    const skip = (page - 1) * RUNS_LISTED;
    return { value: await readRuns(request.database, { ...choice, skip }, RUNS_LISTED) };
  },
};

/** The answer to parameters that choose nothing, which `problems` says of each. */
export function refusedChoice(problems: readonly string[]): JsonAnswer {
  return { value: { code: "usage", message: problems.join(" "), remedy: null }, status: 400 };
}

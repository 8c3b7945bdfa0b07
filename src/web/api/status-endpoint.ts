import { readHealth } from "../../runs/health/read-status.ts";
import { readTableSizes } from "../../runs/queries/read-table-sizes.ts";
import { statusProblems } from "../../runs/health/status-problems.ts";
import { readCircuit } from "../../throttle/read-circuit.ts";
import type { Endpoint } from "./endpoint.ts";

/** As many as `status --check` reads. */
const RUNS_JUDGED = 20;

/**
 * One object per view, as of `status --check --json`. The tables of the views are not read: `rows` is the number that the
 * last load counted, and the newest date in the data is left out.
 */
export const statusEndpoint: Endpoint = {
  path: "/api/status",
  answer: async ({ database, views, settings }) => {
    const { maxAgeMs, maxRollbackRate } = settings;
    const healths = await readHealth(database, views, RUNS_JUDGED);
    const sizes = await readTableSizes(database, views);
    const circuit = await readCircuit(database);
    const problems = statusProblems(healths, { maxAgeSeconds: maxAgeMs / 1000, maxRollbackRate });
    return {
      value: healths.map((health) => ({
        ...health,
        rows: sizes.get(health.view) ?? null,
        circuit,
        problems: problems.filter(({ view }) => view === health.view).map(({ text }) => text),
      })),
    };
  },
};

import { readRuns, type RunDetails } from "../../runs/queries/read-runs.ts";
import { shownStatus } from "../../runs/health/shown-status.ts";
import { chosenRunsOf, RUN_PARAMETERS } from "../runs/run-choice.ts";
import type { Endpoint } from "./endpoint.ts";
import { refusedChoice } from "./runs-endpoint.ts";

/** A year of three views and more; a second page has the others. */
const RUNS_LISTED = 2000;

type Value = string | number | Date | null;

const COLUMNS: readonly (readonly [title: string, valueOf: (run: RunDetails) => Value])[] = [
  ["run", ({ runId }) => runId],
  ["view", ({ view }) => view],
  ["kind", ({ kind }) => kind],
  ["status", shownStatus],
  ["started", ({ startedAt }) => startedAt],
  ["ended", ({ endedAt }) => endedAt],
  ["seconds", ({ durationSeconds }) => durationSeconds],
  ["fetched", ({ fetched }) => fetched],
  ["inserted", ({ inserted }) => inserted],
  ["updated", ({ updated }) => updated],
  ["skipped", ({ skipped }) => skipped],
  ["errors", ({ errors }) => errors],
  ["missing", ({ missing }) => missing],
  ["error", ({ error }) => error],
];

/** The runs that the page of runs lists, and the further ones, as a file for spreadsheets. */
export const runsCsvEndpoint: Endpoint = {
  path: "/api/runs.csv",
  parameters: RUN_PARAMETERS,
  answer: async (request) => {
    const { page, choice, problems } = chosenRunsOf(request);
    if (problems.length > 0) return refusedChoice(problems);
    const skip = (page - 1) * RUNS_LISTED;
    const runs = await readRuns(request.database, { ...choice, skip }, RUNS_LISTED);
    const rows = runs.map((run) => COLUMNS.map(([, valueOf]) => cellText(valueOf(run))));
    const lines = [COLUMNS.map(([title]) => title), ...rows].map((cells) => cells.join(","));
    // Excel takes a file without this mark for one in the code page of the computer.
    return {
      file: { name: "runs.csv", type: "text/csv; charset=utf-8", text: `\uFEFF${lines.join("\r\n")}\r\n` },
    };
  },
};

function cellText(value: Value): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const text = value instanceof Date ? value.toISOString() : value;
  // A spreadsheet would run it as a formula.
  const plain = /^[=+@\t\r-]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

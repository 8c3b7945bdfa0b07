import { html } from "hono/html";
import { formatCount, formatSeconds } from "../../format/format.ts";
import type { RecordedRun } from "../../runs/recorded-run.ts";
import { orUnknown } from "../page/facts.ts";
import type { Html } from "../page/page.ts";
import { type Column, renderTable } from "../page/table.ts";
import { renderTime } from "../page/time.ts";
import { renderRunWord } from "./run-word.ts";

const count = (title: string, of: (run: RecordedRun) => number | null): Column<RecordedRun> => ({
  title,
  numeric: true,
  cell: (run) => orUnknown(of(run), formatCount),
});

const COLUMNS: readonly Column<RecordedRun>[] = [
  {
    title: "run",
    numeric: true,
    rowHeader: true,
    cell: ({ runId }) => html`<a href="/runs/${runId}">${runId}</a>`,
  },
  { title: "view", cell: ({ view }) => view },
  { title: "kind", cell: ({ kind }) => kind },
  { title: "status", cell: renderRunWord },
  { title: "started", cell: ({ startedAt }) => orUnknown(startedAt, renderTime) },
  {
    title: "seconds",
    numeric: true,
    cell: ({ durationSeconds }) => orUnknown(durationSeconds, (seconds) => formatSeconds(seconds * 1000)),
  },
  count("fetched", (run) => run.fetched),
  count("inserted", (run) => run.inserted),
  count("updated", (run) => run.updated),
  count("skipped", (run) => run.skipped),
  count("errors", (run) => run.errors),
  count("missing", (run) => run.missing),
];

const NO_RUNS = html`No runs yet: <code>otc-etl load</code> starts the first.`;

/** One row per run, in the order given. */
export function renderRunsTable(
  caption: string,
  runs: readonly RecordedRun[],
  empty: Html = NO_RUNS,
  fileAddress?: string,
): Html {
  return renderTable(caption, COLUMNS, runs, empty, fileAddress);
}

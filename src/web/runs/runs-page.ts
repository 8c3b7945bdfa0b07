import { html } from "hono/html";
import { readRuns } from "../../runs/read-runs.ts";
import type { Html, Page, PageRequest } from "../page/page.ts";
import { renderPager } from "../page/pager.ts";
import { addressOf, anyText, fieldOf, idFieldOf, idText } from "../page/query.ts";
import { renderRunFilter } from "./run-filter.ts";
import { renderCostChart, renderRecordsChart } from "./runs-charts.ts";
import { renderRunsTable } from "./runs-table.ts";
import { renderTransactions } from "./transactions-panel.ts";

/** The nights of a quarter. */
const RUNS_DRAWN = 90;

const RUNS_LISTED = 50;

/** The runs: `?view=tickets` shows more about one view, `&before=17` lists older runs. */
export const runsPage: Page = {
  path: "/runs",
  navigation: "Runs",
  parameters: { view: anyText, before: idText },
  content: async (request) => {
    const { database, views } = request;
    const view = fieldOf(request, "view");
    const before = idFieldOf(request, "before");
    const chosen = views.filter(({ name }) => view === undefined || name === view);
    const charts: Html[] = [];
    // The charts are only on the first page.
    if (before === undefined) for (const { name } of chosen) charts.push(await charted(request, name, view));
    const found = await readRuns(
      database,
      { ...(view === undefined ? {} : { view }), ...(before === undefined ? {} : { before }) },
      RUNS_LISTED + 1,
    );
    const runs = found.slice(0, RUNS_LISTED);
    const older = found.length > RUNS_LISTED ? runs.at(-1)?.runId : undefined;
    return {
      title: view === undefined ? "Runs" : `Runs of ${view}`,
      body: html`${renderRunFilter(views, view)} ${charts} ${renderRunsTable("Runs, newest first", runs)}
      ${renderPager(
        "Pages of runs",
        older === undefined ? undefined : addressOf("/runs", { view, before: older }),
        before === undefined ? undefined : addressOf("/runs", { view }),
      )}`,
    };
  },
};

/** The charts of a view: the outcomes of the records and, for the chosen view, duration and transactions. */
async function charted({ database }: PageRequest, name: string, chosen: string | undefined): Promise<Html> {
  const newest = await readRuns(database, { view: name }, RUNS_DRAWN);
  const runs = newest.filter((run) => run.status !== "running").reverse();
  if (chosen === undefined) return renderRecordsChart(name, runs);
  return html`${renderRecordsChart(name, runs)} ${renderCostChart(name, runs)}
  ${renderTransactions(name, runs)}`;
}

import { html } from "hono/html";
import { readRuns, type RunChoice, type RunDetails } from "../../runs/queries/read-runs.ts";
import { isJudged } from "../../runs/health/shown-status.ts";
import type { Html, Page, PageRequest } from "../page/page.ts";
import { renderPager } from "../page/pager.ts";
import { addressOf } from "../page/query.ts";
import { chosenRunsOf, RUN_PARAMETERS } from "./run-choice.ts";
import { renderRunFilter } from "./run-filter.ts";
import { renderCostChart, renderRecordsChart } from "./runs-charts.ts";
import { renderRunsTable } from "./runs-table.ts";
import { renderTransactions } from "./transactions-panel.ts";

/** The nights of a quarter. */
const RUNS_DRAWN = 90;

const RUNS_LISTED = 25;

/** The runs that the form chooses, and charts of them. */
export const runsPage: Page = {
  path: "/runs",
  navigation: "Runs",
  parameters: RUN_PARAMETERS,
  content: async (request) => {
    const { database, views } = request;
    const chosen = chosenRunsOf(request);
    const { fields, page, choice, problems } = chosen;
    const title = choice.view === undefined ? "Runs" : `Runs of ${choice.view}`;
    const form = renderRunFilter(views, chosen);
    if (problems.length > 0) {
      return {
        title,
        status: 404,
        body: html`${form}
          <ul class="problems">
            ${problems.map((problem) => html`<li>${problem}</li>`)}
          </ul>`,
      };
    }
    const found = await readRuns(database, { ...choice, skip: (page - 1) * RUNS_LISTED }, RUNS_LISTED + 1);
    const isFiltered = Object.values(fields).some((field) => field !== undefined) || page > 1;
    return {
      title,
      body: html`${form}
      ${renderRunsTable(
        choice.order === undefined ? "Runs, newest first" : `Runs, largest first by ${choice.order}`,
        found.slice(0, RUNS_LISTED),
        isFiltered ? html`No run matches. <a href="/runs">All runs</a>` : undefined,
        addressOf("/api/runs.csv", fields),
      )}
      ${renderPager(
        "Pages of runs",
        found.length > RUNS_LISTED ? addressOf("/runs", { ...fields, page: page + 1 }) : undefined,
        page === 1 ? undefined : addressOf("/runs", fields),
      )}
      ${page === 1 ? await renderCharts(request, choice) : ""}`,
    };
  },
};

/** The charts of each chosen view: the outcomes of the records and, for a single view, duration and transactions. */
async function renderCharts({ database, views }: PageRequest, choice: RunChoice): Promise<Html> {
  const charts: Html[] = [];
  for (const { name } of views) {
    if (choice.view !== undefined && name !== choice.view) continue;
    const newest = await readRuns(database, { ...choice, view: name, order: "started" }, RUNS_DRAWN);
    const runs = newest.filter(isDrawn).reverse();
    if (runs.length === 0) continue;
    charts.push(renderRecordsChart(name, runs));
    if (choice.view !== undefined) charts.push(renderCostChart(name, runs), renderTransactions(name, runs));
  }
  return html`${charts}`;
}

/** A run that was skipped has no outcome to draw, and an adopted one may have no time. */
function isDrawn(run: RunDetails): boolean {
  return run.status !== "running" && run.startedAt !== null && isJudged(run);
}

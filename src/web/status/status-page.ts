import { html } from "hono/html";
import { throttleProblems } from "../../throttle/throttle-problems.ts";
import { readCircuit } from "../../throttle/read-circuit.ts";
import { readProgress, type RunningLoad } from "../../runs/read-progress.ts";
import { readHealth } from "../../runs/read-status.ts";
import { readTableSizes } from "../../runs/read-table-sizes.ts";
import { statusProblems } from "../../runs/status-problems.ts";
import { liveRegion } from "../live/live-region.ts";
import { renderRunningLoad } from "../live/running-load.ts";
import type { Html, Page } from "../page/page.ts";
import { renderRunsTable } from "../runs/runs-table.ts";
import { renderOtcPanel } from "./otc-panel.ts";
import { renderViewPanel } from "./view-panel.ts";

/** As many as `status --check` reads. */
const RUNS_JUDGED = 20;

const RUNS_SHOWN = 10;

/** The state of the views: the start page. */
export const statusPage: Page = {
  path: "/",
  navigation: "Status",
  content: async ({ database, views, settings }) => {
    const { maxAgeMs, maxRollbackRate } = settings;
    const healths = await readHealth(database, views, RUNS_JUDGED);
    const running = await readProgress(database, views);
    const sizes = await readTableSizes(database, views);
    const circuit = await readCircuit(database);
    const problems = [
      ...statusProblems(healths, { maxAgeSeconds: maxAgeMs / 1000, maxRollbackRate }),
      ...throttleProblems(circuit),
    ];
    const runs = healths
      .flatMap((health) => health.runs)
      .sort((a, b) => b.runId - a.runId)
      .slice(0, RUNS_SHOWN);
    return {
      title: "Status",
      body: html`${liveRegion("problems", false, renderProblems(problems))}
      ${liveRegion("running", running.length > 0, renderRunning(running))}
      ${liveRegion(
        "views",
        false,
        html`<div class="panels">
          ${healths.map((health) => renderViewPanel({ health, rows: sizes.get(health.view), maxAgeMs }))}
          ${renderOtcPanel(circuit)}
        </div>`,
      )}
      ${liveRegion("runs", false, renderRunsTable("The last runs", runs))}`,
    };
  },
};

function renderRunning(loads: readonly RunningLoad[]): Html {
  if (loads.length === 0) return html`<p class="muted" role="status">No load is running.</p>`;
  return html`<div class="panels">${loads.map(renderRunningLoad)}</div>`;
}

/** In the words of `status --check`. */
function renderProblems(problems: readonly string[]): Html {
  if (problems.length === 0) return html`<p class="lead" role="status">All views are up to date.</p>`;
  return html`<div role="status">
    <ul class="problems">
      ${problems.map((problem) => html`<li>${problem}</li>`)}
    </ul>
  </div>`;
}

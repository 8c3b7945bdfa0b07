import { html } from "hono/html";
import { readClock } from "../../database/clock.ts";
import { readLoadsSince } from "../../runs/queries/read-loads-since.ts";
import { readProgress, type RunningLoad } from "../../runs/queries/read-progress.ts";
import { readHealth, type ViewHealth } from "../../runs/health/read-status.ts";
import { readTableSizes } from "../../runs/queries/read-table-sizes.ts";
import { statusProblems } from "../../runs/health/status-problems.ts";
import { type Night, nightsOf } from "../../schedule/nights.ts";
import { readCircuit } from "../../throttle/read-circuit.ts";
import { throttleProblems } from "../../throttle/throttle-problems.ts";
import { liveRegion } from "../live/live-region.ts";
import { renderRunningLoad } from "../live/running-load.ts";
import type { Html, Page, PageRequest } from "../page/page.ts";
import { renderRunsTable } from "../runs/runs-table.ts";
import { renderFirstSteps } from "./first-steps.ts";
import { renderOtcPanel } from "./otc-panel.ts";
import { renderProblems } from "./problems.ts";
import { renderViewPanel } from "./view-panel.ts";

/** As many as `status --check` reads. */
const RUNS_JUDGED = 20;

const RUNS_SHOWN = 10;

/** The state of the views: the start page. */
export const statusPage: Page = {
  path: "/",
  navigation: "Status",
  content: async (request) => {
    const { database, views, settings } = request;
    const { maxAgeMs, maxRollbackRate } = settings;
    const healths = await readHealth(database, views, RUNS_JUDGED);
    const running = await readProgress(database, views);
    const sizes = await readTableSizes(database, views);
    const circuit = await readCircuit(database);
    const schedules = await readNights(request);
    const found = statusProblems(healths, { maxAgeSeconds: maxAgeMs / 1000, maxRollbackRate });
    const problems = [...found, ...throttleProblems(circuit)];
    const runs = healths
      .flatMap((health) => health.runs)
      .sort((a, b) => b.runId - a.runId)
      .slice(0, RUNS_SHOWN);
    return {
      title: "Status",
      body: html`${liveRegion(
        "problems",
        false,
        isEmpty(healths) ? renderFirstSteps() : renderProblems(problems),
      )}
      ${liveRegion("running", running.length > 0, renderRunning(running))}
      ${liveRegion(
        "views",
        false,
        html`<div class="panels">
            ${healths.map((health) =>
              renderViewPanel({
                health,
                rows: sizes.get(health.view),
                maxAgeMs,
                hasProblem: found.some(({ view }) => view === health.view),
                nights: schedules.get(health.view)?.nights ?? [],
                next: schedules.get(health.view)?.next,
              }),
            )}
          </div>
          ${renderOtcPanel(circuit)}`,
      )}
      ${liveRegion("runs", false, renderRunsTable("The last runs", runs))}`,
    };
  },
};

/** What the schedule of a view says. */
interface ScheduledNights {
  readonly nights: readonly Night[];
  readonly next: Date;
}

/** What became of the scheduled loads, by view; views without a schedule are left out. */
async function readNights({
  database,
  views,
  calendar,
}: PageRequest): Promise<ReadonlyMap<string, ScheduledNights>> {
  const now = await readClock(database);
  const scheduled = views.flatMap(({ name }) => {
    const times = calendar.timesOf(name, now);
    return times === undefined ? [] : [{ name, ...times }];
  });
  const oldest = scheduled.map(({ past }) => past[0]?.getTime() ?? now.getTime());
  if (oldest.length === 0) return new Map();
  const loads = await readLoadsSince(database, views, new Date(Math.min(...oldest)));
  return new Map(
    scheduled.map(({ name, past, next }) => {
      const own = loads.filter(({ view }) => view === name);
      return [name, { nights: nightsOf(past, own, now), next }];
    }),
  );
}

function isEmpty(healths: readonly ViewHealth[]): boolean {
  return healths.every(({ runs }) => runs.length === 0);
}

function renderRunning(loads: readonly RunningLoad[]): Html {
  if (loads.length === 0) return html`<p class="muted" role="status">No load is running.</p>`;
  return html`<div class="panels">${loads.map(renderRunningLoad)}</div>`;
}

import { html } from "hono/html";
import { formatCount, formatMegabytes, formatSeconds } from "../../format/format.ts";
import type { RunDetails } from "../../runs/queries/read-runs.ts";
import { isJudged } from "../../runs/health/shown-status.ts";
import { renderFacts, UNKNOWN } from "../page/facts.ts";
import type { Html } from "../page/page.ts";

/** The totals of the transactions of some runs. */
export function renderTransactions(view: string, runs: readonly RunDetails[]): Html {
  const sum = (of: (run: RunDetails) => number | null): number =>
    runs.reduce((total, run) => total + (of(run) ?? 0), 0);
  const [commits, rollbacks] = [sum((run) => run.commits), sum((run) => run.rollbacks)];
  const judged = runs.filter((run) => isJudged(run) && run.commits + run.rollbacks > 0);
  const rolledBack = judged.filter((run) => run.rollbacks > 0).length;
  return html`<section class="panel" aria-labelledby="transactions-${view}">
    <h2 id="transactions-${view}">Transactions of ${view}</h2>
    ${renderFacts([
      ["committed", formatCount(commits)],
      ["rolled back", formatCount(rollbacks)],
      [
        "rollback rate",
        judged.length === 0 ? UNKNOWN : `${Math.round((100 * rolledBack) / judged.length)} %`,
      ],
      ["savepoints", formatCount(sum((run) => run.savepoints))],
      ["retries", formatCount(sum((run) => run.retries))],
      ["time in transactions", `${formatSeconds(1000 * sum((run) => run.transactionSeconds))} s`],
      ["write-ahead log", formatMegabytes(sum((run) => run.walBytes))],
    ])}
  </section>`;
}

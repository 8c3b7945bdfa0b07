import { html } from "hono/html";
import { formatAge, formatCount, formatSeconds } from "../../format/format.ts";
import type { ViewHealth } from "../../runs/read-status.ts";
import { orUnknown, renderFacts, UNKNOWN } from "../page/facts.ts";
import type { Html } from "../page/page.ts";
import { addressOf } from "../page/query.ts";
import { renderTime } from "../page/time.ts";
import { renderWord } from "../page/word.ts";
import { renderRunWord } from "../runs/run-word.ts";

/** What is known of a view. */
export interface ViewPanel {
  readonly health: ViewHealth;
  /** An estimate; undefined when it is unknown. */
  readonly rows: number | undefined;
  readonly maxAgeMs: number;
}

/** One view: the age of its data, its limit, and the last loads. */
export function renderViewPanel({ health, rows, maxAgeMs }: ViewPanel): Html {
  const { view, ageSeconds, lastLoaded, lastLoad, rejects, rollbackRate, duration } = health;
  return html`<section class="panel" aria-labelledby="view-${view}">
    <h2 id="view-${view}">
      <a href="${addressOf("/runs", { view })}">${view}</a> ${renderFreshness(ageSeconds, maxAgeMs)}
    </h2>
    <p class="big">${ageSeconds === null ? "no data" : html`${formatAge(ageSeconds)} <small>old</small>`}</p>
    ${renderFacts([
      ["loaded", orUnknown(lastLoaded, renderTime)],
      ["maximum age", formatAge(maxAgeMs / 1000)],
      [
        "last load",
        orUnknown(
          lastLoad,
          (run) => html`<a href="/runs/${run.runId}">run ${run.runId}</a> ${renderRunWord(run)}`,
        ),
      ],
      ["took", orUnknown(duration, describeDuration)],
      ["rows", rows === undefined ? UNKNOWN : `about ${formatCount(rows)}`],
      ["quarantine", html`<a href="${addressOf("/rejects", { view })}">${formatCount(rejects)} records</a>`],
      ["rolled back", orUnknown(rollbackRate, (rate) => `${Math.round(rate * 100)} % of the last 20`)],
    ])}
  </section>`;
}

function renderFreshness(ageSeconds: number | null, maxAgeMs: number): Html {
  if (ageSeconds === null) return renderWord("bad", "never loaded");
  return ageSeconds * 1000 > maxAgeMs ? renderWord("bad", "stale") : renderWord("good", "fresh");
}

function describeDuration({ last, usual }: NonNullable<ViewHealth["duration"]>): string {
  const seconds = `${formatSeconds(last * 1000)} s`;
  return usual === null ? seconds : `${seconds}, usually ${formatSeconds(usual * 1000)} s`;
}

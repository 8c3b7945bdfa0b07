import { html } from "hono/html";
import { formatAge, formatCount, formatNumberOf, formatSeconds } from "../../format/format.ts";
import type { ViewHealth } from "../../runs/health/read-status.ts";
import type { Night } from "../../schedule/nights.ts";
import { renderSparkline } from "../charts/sparkline.ts";
import { orUnknown, renderFacts, UNKNOWN } from "../page/facts.ts";
import type { Html } from "../page/page.ts";
import { addressOf } from "../page/query.ts";
import { renderTime } from "../page/time.ts";
import { renderWord } from "../page/word.ts";
import { renderRunWord } from "../runs/run-word.ts";
import { renderNights } from "./nights-strip.ts";

/** What is known of a view. */
export interface ViewPanel {
  readonly health: ViewHealth;
  /** An estimate; undefined when it is unknown. */
  readonly rows: number | undefined;
  readonly maxAgeMs: number;
  /** Whether a problem of this view is reported above. */
  readonly hasProblem: boolean;
  /** What became of the last scheduled loads; empty for a view without a schedule. */
  readonly nights: readonly Night[];
  /** The next scheduled load; undefined without a schedule. */
  readonly next: Date | undefined;
}

/** One view: the age of its data, its limit, and the last loads. */
export function renderViewPanel(panel: ViewPanel): Html {
  const { health, rows, maxAgeMs, nights, next } = panel;
  const { view, ageSeconds, lastLoaded, lastLoad, rejects, rollbackRate, duration } = health;
  return html`<section class="panel" aria-labelledby="view-${view}">
    <h2 id="view-${view}"><a href="${addressOf("/runs", { view })}">${view}</a> ${renderState(panel)}</h2>
    <p class="big">${ageSeconds === null ? "no data" : html`${formatAge(ageSeconds)} <small>old</small>`}</p>
    ${renderNights(view, nights)} ${renderDuration(duration, nights)}
    ${renderFacts([
      ["loaded", orUnknown(lastLoaded, renderTime)],
      ["next load", next === undefined ? "no schedule" : renderTime(next)],
      ["maximum age", formatAge(maxAgeMs / 1000)],
      [
        "last load",
        orUnknown(
          lastLoad,
          (run) => html`<a href="/runs/${run.runId}">run ${run.runId}</a> ${renderRunWord(run)}`,
        ),
      ],
      ["rows", rows === undefined ? UNKNOWN : `about ${formatCount(rows)}`],
      [
        "quarantine",
        html`<a href="${addressOf("/rejects", { view })}">${formatNumberOf(rejects, "record")}</a>`,
      ],
      ["rolled back", orUnknown(rollbackRate, (rate) => `${Math.round(rate * 100)} % of the last 20`)],
    ])}
  </section>`;
}

/** The worst that is known of the view. It is never good while a problem of the view is reported. */
function renderState({ health, maxAgeMs, hasProblem }: ViewPanel): Html {
  const { ageSeconds, lastLoad } = health;
  if (ageSeconds === null) return renderWord("bad", "never loaded");
  if (ageSeconds * 1000 > maxAgeMs) return renderWord("bad", "stale");
  if (lastLoad?.status === "failed" || lastLoad?.status === "abandoned") return renderWord("bad", "failing");
  return hasProblem ? renderWord("warn", "fresh, with a problem") : renderWord("good", "fresh");
}

/** How long the last load took, beside a line of the loads before it. */
function renderDuration(duration: ViewHealth["duration"], nights: readonly Night[]): Html | "" {
  if (duration === null) return "";
  const seconds = (value: number): string => `${formatSeconds(value * 1000)} s`;
  const { last, usual } = duration;
  const text = `took ${seconds(last)}${usual === null ? "" : `, usually ${seconds(usual)}`}`;
  const values = nights.map(({ run }) => (run !== undefined && run.commits > 0 ? run.durationSeconds : null));
  return html`<div class="duration">
    <p class="small">${text}</p>
    ${renderSparkline(`Seconds of the loads above: ${text}`, values)}
  </div>`;
}

import { html } from "hono/html";
import { formatCount, formatNumberOf, formatSeconds } from "../../format/format.ts";
import type { Night, NightOutcome } from "../../schedule/nights.ts";
import type { Html } from "../page/page.ts";
import { timeText } from "../page/time.ts";

/** The outcomes that are counted above the strip, the worst first. */
const COUNTED: readonly NightOutcome[] = ["missed", "failed", "partial", "committed"];

/** What became of the last scheduled loads: one mark for each, which names it and leads to its run. */
export function renderNights(view: string, nights: readonly Night[]): Html | "" {
  if (nights.every(({ outcome }) => outcome === "unknown")) return "";
  const counts = COUNTED.map((outcome) => ({
    outcome,
    count: nights.filter((night) => night.outcome === outcome).length,
  })).filter(({ count }) => count > 0);
  const said = counts.map(({ outcome, count }) => `${formatCount(count)} ${outcome}`).join(", ");
  const title = `last ${formatNumberOf(nights.length, "scheduled load")}`;
  return html`<div class="nights">
    <p class="small">${title}${said === "" ? "" : `: ${said}`}</p>
    <ol data-roving aria-label="${view}, ${title}">
      ${nights.map((night) => html`<li>${renderNight(night)}</li>`)}
    </ol>
  </div>`;
}

function renderNight(night: Night): Html {
  const { outcome, run } = night;
  const text = describeNight(night);
  if (run === undefined)
    return html`<span class="night ${outcome}" data-tip role="img" tabindex="0" title="${text}"></span>`;
  return html`<a class="night ${outcome}" data-tip href="/runs/${run.runId}" title="${text}"></a>`;
}

function describeNight({ dueAt, outcome, run }: Night): string {
  const when = timeText(run?.startedAt ?? dueAt).slice(0, 16);
  if (run === undefined) {
    const meaning: Partial<Record<NightOutcome, string>> = {
      missed: "missed: no load started",
      unknown: "before the first load on record",
    };
    return `${when}: ${meaning[outcome] ?? outcome}`;
  }
  const details = [
    `run ${run.runId}`,
    ...((run.errors ?? 0) > 0 ? [formatNumberOf(run.errors ?? 0, "rejected record")] : []),
    ...(run.durationSeconds === null ? [] : [`${formatSeconds(run.durationSeconds * 1000)} s`]),
  ];
  return `${when}: ${outcome}, ${details.join(", ")}`;
}

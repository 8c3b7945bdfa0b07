import { html } from "hono/html";
import { formatAge, formatCount, formatNumberOf } from "../../format/format.ts";
import type { RunningLoad } from "../../runs/queries/read-progress.ts";
import type { Html } from "../page/page.ts";

/** Descriptions of the steps. */
const STEPS: Readonly<Record<RunningLoad["step"], string>> = {
  fetch: "waiting for OTC to answer",
  stage: "reading the document",
  classify: "comparing it with the table",
  apply: "writing what has changed",
};

/** A running load and its progress. */
export function renderRunningLoad(load: RunningLoad): Html {
  const { runId, view, step, runningSeconds } = load;
  return html`<section class="panel" aria-labelledby="running-${runId}">
    <h2 id="running-${runId}">Loading ${view} <a href="/runs/${runId}">run ${runId}</a></h2>
    <p role="status">${capitalised(STEPS[step])}</p>
    ${renderShare(load)}
    <p class="muted">running for ${formatAge(runningSeconds)}</p>
  </section>`;
}

/** The share of the records of the last load; today's document may have more. */
function renderShare({ view, records, expected }: RunningLoad): Html | string {
  if (records === null) return "";
  const text = formatNumberOf(records, "record");
  if (expected === null || expected === 0) return html`<p>${text}</p>`;
  const share = Math.min(1, records / expected);
  return html`<progress
      aria-label="Records of ${view} read"
      max="${expected}"
      value="${Math.min(records, expected)}"
    ></progress>
    <p>${text} of about ${formatCount(expected)} (${Math.floor(share * 100)} %)</p>`;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

import { html } from "hono/html";
import { formatAge, formatCount } from "../../format/format.ts";
import type { RunningLoad } from "../../runs/read-progress.ts";
import type { Html } from "../page/page.ts";

/** What a step does, for those who do not know its name. */
const STEPS: Readonly<Record<RunningLoad["step"], string>> = {
  fetch: "waiting for OTC to answer",
  stage: "reading the document",
  classify: "comparing it with the table",
  apply: "writing what has changed",
};

/** A load that is under way, and how far. */
export function renderRunningLoad(load: RunningLoad): Html {
  const { runId, view, step, runningSeconds } = load;
  return html`<section class="panel" aria-labelledby="running-${runId}">
    <h2 id="running-${runId}">Loading ${view} <a href="/runs/${runId}">run ${runId}</a></h2>
    <p role="status">${capitalised(STEPS[step])}</p>
    ${renderShare(load)}
    <p class="muted">for ${formatAge(runningSeconds)}</p>
  </section>`;
}

/** Measured by what the last load fetched; the document of today may have more. */
function renderShare({ view, records, expected }: RunningLoad): Html | string {
  if (records === null) return "";
  const so = `${formatCount(records)} records`;
  if (expected === null || expected === 0) return html`<p>${so}</p>`;
  const share = Math.min(1, records / expected);
  return html`<progress
      aria-label="Records of ${view} read"
      max="${expected}"
      value="${Math.min(records, expected)}"
    ></progress>
    <p>${so} of about ${formatCount(expected)} (${Math.floor(share * 100)} %)</p>`;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

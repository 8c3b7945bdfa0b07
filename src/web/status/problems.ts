import { html } from "hono/html";
import type { Html } from "../page/page.ts";
import { renderRemedy, renderText } from "../page/text.ts";

/** A problem of a view or of the requests to OTC. */
interface ShownProblem {
  readonly text: string;
  readonly runId?: number | null;
  readonly remedy: string | null;
}

/** The problems in the words of `status --check`, each with its run and what to do next. */
export function renderProblems(problems: readonly ShownProblem[]): Html {
  if (problems.length === 0) return html`<p class="lead" role="status">All views are up to date.</p>`;
  return html`<div role="status">
    <ul class="problems">
      ${problems.map(
        ({ text, runId, remedy }) =>
          html`<li>
            ${renderText(text)}
            ${typeof runId === "number" ? html`<a href="/runs/${runId}">Run ${runId}</a>` : ""}
            ${renderRemedy(remedy)}
          </li>`,
      )}
    </ul>
  </div>`;
}

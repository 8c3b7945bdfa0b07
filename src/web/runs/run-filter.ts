import { html } from "hono/html";
import type { View } from "../../views/view.ts";
import type { Html } from "../page/page.ts";
import { addressOf } from "../page/query.ts";

/** Links to the runs of all views, and of each. */
export function renderRunFilter(views: readonly View[], chosen: string | undefined): Html {
  const choices = [undefined, ...views.map((view) => view.name)];
  return html`<nav class="choices" aria-label="Views">
    <ul>
      ${choices.map(
        (view) =>
          html`<li>
            <a href="${addressOf("/runs", { view })}" ${view === chosen ? html`aria-current="page"` : ""}
              >${view ?? "all views"}</a
            >
          </li>`,
      )}
    </ul>
  </nav>`;
}

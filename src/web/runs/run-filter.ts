import { html } from "hono/html";
import { RUN_KINDS } from "../../runs/run-kind.ts";
import { RUN_ORDERS } from "../../runs/queries/read-runs.ts";
import { SHOWN_STATUSES } from "../../runs/health/shown-status.ts";
import type { View } from "../../views/view.ts";
import type { Html } from "../page/page.ts";
import { renderSelect, renderViewSelect, sameTexts } from "../page/select.ts";
import type { ChosenRuns } from "./run-choice.ts";

/** The form that chooses runs; its fields become the query of the address. */
export function renderRunFilter(views: readonly View[], { fields }: ChosenRuns): Html {
  const { view, status, kind, from, to, sort } = fields;
  const day = (label: string, name: string, value: string | undefined): Html =>
    html`<label>${label} <input type="date" name="${name}" value="${value ?? ""}" /></label>`;
  return html`<form method="get" action="/runs" class="filters" role="search" aria-label="Runs">
    ${renderViewSelect(views, view)}
    ${renderSelect({ label: "Status", name: "status", none: "any", choices: sameTexts(SHOWN_STATUSES), chosen: status })}
    ${renderSelect({ label: "Kind", name: "kind", none: "any", choices: sameTexts(RUN_KINDS), chosen: kind })}
    ${day("From", "from", from)} ${day("To", "to", to)}
    ${renderSelect({
      label: "Largest first, by",
      name: "sort",
      none: "started (newest first)",
      choices: sameTexts(RUN_ORDERS.filter((order) => order !== "started")),
      chosen: sort,
    })}
    <button>Show</button>
    <a href="/runs">all runs</a>
  </form>`;
}

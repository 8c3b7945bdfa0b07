import { html } from "hono/html";
import type { View } from "../../views/view.ts";
import type { Html } from "../page/page.ts";
import { renderSelect, renderViewSelect, sameTexts } from "../page/select.ts";

/** The values of the form. */
interface RejectFields {
  readonly view: string | undefined;
  readonly reason: string | undefined;
  readonly field: string | undefined;
  readonly run: number | undefined;
  readonly key: string | undefined;
}

/** What the form offers. */
interface RejectChoices {
  readonly views: readonly View[];
  readonly reasons: readonly string[];
  readonly fields: readonly string[];
}

/** The form that filters the rejected records; its fields become the query of the address. */
export function renderRejectForm(
  { views, reasons, fields }: RejectChoices,
  { view, reason, field, run, key }: RejectFields,
): Html {
  return html`<form method="get" action="/rejects" class="filters" role="search" aria-label="Quarantine">
    ${renderViewSelect(views, view)}
    ${renderSelect({ label: "Reason", name: "reason", none: "any", choices: sameTexts(reasons), chosen: reason })}
    ${renderSelect({ label: "Field", name: "field", none: "any", choices: sameTexts(fields), chosen: field })}
    <label>Run <input name="run" value="${run ?? ""}" inputmode="numeric" size="8" /></label>
    <label
      >Key <input name="key" value="${key ?? ""}" size="24" placeholder="whole words, such as 91906"
    /></label>
    <button>Show</button>
    <a href="/rejects">all records</a>
  </form>`;
}

import { html } from "hono/html";
import type { RejectCount } from "../../runs/rejects/read-rejects.ts";
import type { View } from "../../views/view.ts";
import type { Html } from "../page/page.ts";

/** The values of the form. */
interface RejectFields {
  readonly view: string | undefined;
  readonly reason: string | undefined;
  readonly run: number | undefined;
  readonly key: string | undefined;
}

/**
 * The form that filters the rejected records; its fields become the query of the address.
 *
 * @param counts their reasons are offered as suggestions
 */
export function renderRejectForm(
  views: readonly View[],
  counts: readonly RejectCount[],
  { view, reason, run, key }: RejectFields,
): Html {
  const reasons = new Set(counts.map((count) => count.reason));
  return html`<form method="get" action="/rejects" class="filters" role="search" aria-label="Quarantine">
    <label
      >View
      <select name="view">
        <option value="">all views</option>
        ${views.map(
          ({ name }) => html`<option value="${name}" ${name === view ? "selected" : ""}>${name}</option>`,
        )}
      </select>
    </label>
    <label>Reason <input name="reason" value="${reason ?? ""}" list="reasons" size="18" /></label>
    <datalist id="reasons">
      ${Array.from(reasons, (text) => html`<option value="${text}"></option>`)}
    </datalist>
    <label>Run <input name="run" value="${run ?? ""}" inputmode="numeric" size="8" /></label>
    <label
      >Key <input name="key" value="${key ?? ""}" size="24" placeholder="whole words, such as 91906"
    /></label>
    <button>Show</button>
    <a href="/rejects">all records</a>
  </form>`;
}

import { html } from "hono/html";
import type { Html } from "../page/page.ts";
import { type Column, renderTable } from "../page/table.ts";
import { renderTexture } from "./fill.ts";

/** The texts of a chart. */
export interface ChartText {
  /** The id of the figure in the page; the ids of its parts begin with it. */
  readonly id: string;
  readonly title: string;
  /** A sentence that says what the chart shows. */
  readonly summary: string;
  /** The text instead of the chart when there is nothing to draw. */
  readonly empty: string;
}

/** The ids that name a drawing: the title of its chart, the sentence below that, and its own heading. */
export function labelledBy({ id }: ChartText, ...own: readonly string[]): string {
  return [`${id}-title`, ...own, `${id}-summary`].join(" ");
}

/**
 * A chart in its frame: its summary, the drawing, and the same numbers as a table, which can be read aloud and copied.
 *
 * @param drawing an image for screen readers, with a name by `labelledBy`
 */
export function renderFigure<Row>(
  text: ChartText,
  drawing: () => Html,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): Html {
  const { id, title, summary, empty } = text;
  if (rows.length === 0) {
    return html`<figure class="panel chart" id="${id}">
      <figcaption><h2>${title}</h2></figcaption>
      <p class="empty">${empty}</p>
    </figure>`;
  }
  return html`<figure class="panel chart" id="${id}">
    <figcaption>
      <h2 id="${id}-title">${title}</h2>
      <p id="${id}-summary">${summary}</p>
    </figcaption>
    ${renderTexture(id)} ${drawing()}
    <details>
      <summary>The numbers</summary>
      ${renderTable(title, columns, rows, empty)}
    </details>
  </figure>`;
}

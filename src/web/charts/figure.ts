import { html } from "hono/html";
import type { Html } from "../page/page.ts";
import { type Column, renderTable } from "../page/table.ts";
import { renderTexture } from "./fill.ts";

/** What is said of a chart in words. */
export interface ChartText {
  /** Of the figure in the page; its parts take theirs from it. */
  readonly id: string;
  readonly title: string;
  /** What is to be seen, in a sentence, for everybody. */
  readonly summary: string;
  /** Said instead of the chart when there is nothing to draw. */
  readonly empty: string;
}

/** The ids that name a drawing: the title of its chart, the sentence below that, and its own heading. */
export function labelledBy({ id }: ChartText, ...own: readonly string[]): string {
  return [`${id}-title`, ...own, `${id}-summary`].join(" ");
}

/**
 * A chart in its frame: what it shows in words, the drawing, and the same numbers as a table, to be read, heard and copied.
 *
 * @param drawing an image to those who hear the page; it is named by `labelledBy`
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

import { html } from "hono/html";
import type { Html } from "./page.ts";

/** A column of a table. */
export interface Column<Row> {
  readonly title: string;
  /** Numbers are aligned right. */
  readonly numeric?: true;
  /** The cell is the header of its row, for screen readers. */
  readonly rowHeader?: true;
  cell(row: Row): Html | string;
}

/**
 * A table with its caption, in a container that scrolls sideways on narrow screens, also by keyboard.
 *
 * @param empty the text instead of a table without rows
 * @param fileAddress where the rows can be had as a CSV file; without it, a script makes one of what the page shows
 */
export function renderTable<Row>(
  caption: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  empty: Html | string,
  fileAddress?: string,
): Html {
  if (rows.length === 0) return html`<p class="empty">${empty}</p>`;
  const align = (column: Column<Row>): Html | string => (column.numeric === true ? html`class="number"` : "");
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0">
    <table>
      <caption>
        ${caption}
        ${fileAddress === undefined ? "" : html`<a class="button quiet" href="${fileAddress}" title='Save "${caption}" as a CSV file'>CSV</a>`}
      </caption>
      <thead>
        <tr>
          ${columns.map((column) => html`<th scope="col" ${align(column)}>${column.title}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${columns.map((column) =>
                column.rowHeader === true
                  ? html`<th scope="row" ${align(column)}>${column.cell(row)}</th>`
                  : html`<td ${align(column)}>${column.cell(row)}</td>`,
              )}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

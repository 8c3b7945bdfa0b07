import { html } from "hono/html";
import type { Html } from "../page/page.ts";
import { fillOf } from "./fill.ts";
import type { Series } from "./series.ts";

/** Widths in pixels; a line has to be long enough to be seen as dashed. */
const SAMPLE = { area: 12, line: 22 };

/**
 * The names of the series, each beside a sample; empty for a single series, which the heading names.
 *
 * @param sample how the series are drawn
 */
export function renderLegend(
  series: readonly Series[],
  chartId: string,
  sample: "area" | "line" = "area",
): Html | "" {
  if (series.length < 2) return "";
  return html`<ul class="legend">
    ${series.map(
      ({ name, tone }) =>
        html`<li>
          <svg class="tone-${tone}" width="${SAMPLE[sample]}" height="12" aria-hidden="true">
            ${
              sample === "area"
                ? html`<rect width="12" height="12" rx="2" fill="${fillOf(tone, chartId)}" />`
                : html`<path class="stroke" d="M0 6H22" />`
            }</svg
          >${name}
        </li>`,
    )}
  </ul>`;
}

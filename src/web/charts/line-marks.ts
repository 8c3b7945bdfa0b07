import { area } from "d3-shape";
import { html } from "hono/html";
import type { Marks } from "./drawing.ts";
import { drawLine, PATH_WIDTH } from "./line-path.ts";

/** One line per series, interrupted where there is no value. The area below a single line is shaded. */
export const lineMarks: Marks = {
  largest(series) {
    return Math.max(0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0)));
  },

  render(series, { axis, height, y }) {
    const x = (index: number): number => axis.middle(index) * PATH_WIDTH;
    const shade = area<number | null>(
      (_, index) => x(index),
      height,
      (value) => y(value ?? 0),
    )
      .defined((value) => value !== null)
      .digits(1);
    return html`<svg
      width="100%"
      height="${height}"
      viewBox="0 0 ${PATH_WIDTH} ${height}"
      preserveAspectRatio="none"
    >
      ${series.map(
        ({ tone, values }) =>
          html`<g class="tone-${tone}">
            ${series.length === 1 ? html`<path class="shade" d="${shade(values)}" />` : ""}
            <path class="stroke" d="${drawLine(values, x, y)}" />
          </g>`,
      )}
    </svg>`;
  },
};

import { area, line } from "d3-shape";
import { html } from "hono/html";
import type { Marks } from "./drawing.ts";

/** A path cannot use percentages: it is drawn with this width, and stretched. */
const PATH_WIDTH = 1000;

/** One line per series, interrupted where there is no value. The area below a single line is shaded. */
export const lineMarks: Marks = {
  largest(series) {
    return Math.max(0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0)));
  },

  render(series, { axis, height, y }) {
    const x = (_: number | null, index: number): number => axis.middle(index) * PATH_WIDTH;
    const isDefined = (value: number | null): boolean => value !== null;
    const top = (value: number | null): number => y(value ?? 0);
    const stroke = line<number | null>(x, top).defined(isDefined).digits(1);
    const shade = area<number | null>(x, height, top).defined(isDefined).digits(1);
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
            <path class="stroke" d="${stroke(values)}" />
          </g>`,
      )}
    </svg>`;
  },
};

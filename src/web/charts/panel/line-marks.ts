import { html } from "hono/html";
import type { Marks } from "./drawing.ts";
import { areaPath, type LinePoint, PATH_WIDTH, renderLine } from "../line-path.ts";

/** One line per series, interrupted where there is no value, or no position. The area below a single line is shaded. */
export const lineMarks: Marks = {
  largest(series) {
    return Math.max(0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0)));
  },

  render(series, { axis, height, y }) {
    const pointsOf = (values: readonly (number | null)[]): readonly LinePoint[] =>
      values.flatMap((value, index): LinePoint[] => {
        const point = value === null ? undefined : { x: axis.middle(index) * PATH_WIDTH, y: y(value) };
        return axis.isAfterGap(index) ? [undefined, point] : [point];
      });
    return html`<svg
      width="100%"
      height="${height}"
      viewBox="0 0 ${PATH_WIDTH} ${height}"
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      ${series.map(({ tone, values }) => {
        const points = pointsOf(values);
        return html`<g class="tone-${tone}">
          ${series.length === 1 ? html`<path class="shade" d="${areaPath(points, height)}" />` : ""}
          ${renderLine(points)}
        </g>`;
      })}
    </svg>`;
  },
};

import { html } from "hono/html";
import { fillOf } from "../fill.ts";
import type { Marks } from "./drawing.ts";
import { percent } from "../percent.ts";

/** The smallest height of a column that is not zero, so that it is visible; in pixels. */
const LEAST_HEIGHT = 1;

/** One column per position, with the series stacked in it, the first at the bottom. */
export const columnMarks: Marks = {
  largest(series, positions) {
    const sums = Array.from({ length: positions }, (_, index) =>
      series.reduce((sum, { values }) => sum + (values[index] ?? 0), 0),
    );
    return Math.max(0, ...sums);
  },

  render(series, { chartId, axis, height, y }) {
    const tops = new Map<number, number>();
    return html`${series.map(
      ({ tone, values }) =>
        html`<g class="tone-${tone}" aria-hidden="true" fill="${fillOf(tone, chartId)}">
          ${values.map((value, index) => {
            if (value === null || value === 0) return "";
            const bottom = tops.get(index) ?? height;
            const top = bottom - Math.max(LEAST_HEIGHT, height - y(value));
            tops.set(index, top);
            return html`<rect
              x="${percent(axis.start(index))}"
              width="${percent(axis.bandwidth)}"
              y="${pixels(top)}"
              height="${pixels(bottom - top)}"
            />`;
          })}
        </g>`,
    )}`;
  },
};

function pixels(length: number): number {
  return Number(length.toFixed(2));
}

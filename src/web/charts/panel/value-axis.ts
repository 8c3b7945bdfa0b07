import { scaleLinear } from "d3-scale";
import { html } from "hono/html";
import type { Html } from "../../page/page.ts";
import type { NumberFormat } from "../number-format.ts";

/** The smallest distance between lines of the grid, in pixels, so that they do not hide the data. */
const TICK_DISTANCE = 50;

/** An axis from zero at the bottom of a panel to a round number at or above the largest value. */
export interface ValueAxis {
  /** The place of a value, in pixels from the top. */
  readonly y: (value: number) => number;
  readonly ticks: readonly number[];
}

/** @param height of the panel in pixels */
export function valueAxis(largest: number, height: number, { isWhole }: NumberFormat): ValueAxis {
  const count = Math.max(1, Math.floor(height / TICK_DISTANCE));
  const scale = scaleLinear([0, largest > 0 ? largest : 1], [height, 0]).nice(count);
  const ticks = scale.ticks(count);
  return { y: scale, ticks: isWhole ? ticks.filter(Number.isInteger) : ticks };
}

/** The lines of the grid, and their values to the left of the drawing. */
export function renderValueAxis({ y, ticks }: ValueAxis, format: NumberFormat): Html {
  return html`<g class="grid" aria-hidden="true">
    ${ticks.map(
      (tick) =>
        html`<line x1="0" x2="100%" y1="${y(tick)}" y2="${y(tick)}" />
          <text x="-8" y="${y(tick)}" dy="0.32em" text-anchor="end">${format.tick(tick)}</text>`,
    )}
  </g>`;
}

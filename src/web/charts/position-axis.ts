import { scaleBand } from "d3-scale";
import { html } from "hono/html";
import type { Html } from "../page/page.ts";
import { percent } from "./percent.ts";

/** One place on the horizontal axis, such as a run or a week. */
export interface Position {
  /** The short label below the axis, where there is room. */
  readonly label: string;
  /** The full name, for tables and tooltips. */
  readonly name: string;
  /** Whether it is crossed out below the axis, such as a run that was rolled back. */
  readonly crossed?: boolean;
}

/** The number of labels that fit on a wide screen; a narrow one shows every second label. */
const LABELS = 8;

/** Room below a panel for the crosses and the labels, in pixels. */
export const AXIS_HEIGHT = 30;
const CROSS_Y = 10;
const LABEL_Y = 24;

/** Positions side by side, all of one width; lengths are parts of the drawing's width, from 0 to 1. */
export interface PositionAxis {
  readonly bandwidth: number;
  start(index: number): number;
  middle(index: number): number;
}

export function positionAxis(count: number): PositionAxis {
  const scale = scaleBand(
    Array.from({ length: count }, (_, index) => index),
    [0, 1],
  ).paddingInner(0.2);
  const start = (index: number): number => scale(index) ?? 0;
  const bandwidth = scale.bandwidth();
  return { bandwidth, start, middle: (index) => start(index) + bandwidth / 2 };
}

/** @param height of the panel above it, in pixels */
export function renderPositionAxis(axis: PositionAxis, positions: readonly Position[], height: number): Html {
  const step = Math.ceil(positions.length / LABELS);
  // Counted from the end, so that the newest position has a label.
  const labelled = positions.flatMap((position, index) => {
    const place = (positions.length - 1 - index) / step;
    return Number.isInteger(place) ? [{ label: position.label, index, isMinor: place % 2 === 1 }] : [];
  });
  const crossed = positions.flatMap((position, index) => (position.crossed === true ? [index] : []));
  return html`<g class="positions">
    ${crossed.map(
      (index) =>
        html`<text
          class="cross"
          x="${percent(axis.middle(index))}"
          y="${height + CROSS_Y}"
          text-anchor="middle"
        >
          ×
        </text>`,
    )}
    ${labelled.map(
      ({ label, index, isMinor }) =>
        html`<text
          class="${isMinor ? "minor" : "major"}"
          x="${percent(axis.middle(index))}"
          y="${height + LABEL_Y}"
          text-anchor="middle"
        >
          ${label}
        </text>`,
    )}
  </g>`;
}

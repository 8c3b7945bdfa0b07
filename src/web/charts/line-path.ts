import { area, line } from "d3-shape";
import { html } from "hono/html";
import type { Html } from "../page/page.ts";

/** A path cannot use percentages: it is drawn with this width, and stretched. */
export const PATH_WIDTH = 1000;

/** A point of a line; undefined where the line is interrupted. */
export type LinePoint = { readonly x: number; readonly y: number } | undefined;

const isPoint = (point: LinePoint): boolean => point !== undefined;
const xOf = (point: LinePoint): number => point?.x ?? 0;
const yOf = (point: LinePoint): number => point?.y ?? 0;

/** A line, interrupted where there is no point. A point between two gaps is a dot, because it has no line. */
export function renderLine(points: readonly LinePoint[]): Html {
  const isAlone = (index: number): boolean => !isPoint(points[index - 1]) && !isPoint(points[index + 1]);
  const draw = line<LinePoint>(xOf, yOf)
    .defined((point, index) => isPoint(point) && !isAlone(index))
    .digits(1);
  const drawn = draw(points) ?? "";
  // The round end of a line without a length is a dot, however the drawing is stretched.
  const dots = points
    .filter((point, index) => isPoint(point) && isAlone(index))
    .map((point) => `M${xOf(point).toFixed(1)},${yOf(point).toFixed(1)}h0`)
    .join("");
  return html`${drawn === "" ? "" : html`<path class="stroke" d="${drawn}" />`}${
    dots === "" ? "" : html`<path class="stroke dot" d="${dots}" />`
  }`;
}

/** The path of the area below a line, down to `bottom`. */
export function areaPath(points: readonly LinePoint[], bottom: number): string {
  return area<LinePoint>(xOf, bottom, yOf).defined(isPoint).digits(1)(points) ?? "";
}

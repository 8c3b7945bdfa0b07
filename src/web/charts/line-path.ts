import { area, line } from "d3-shape";

/** A path cannot use percentages: it is drawn with this width, and stretched. */
export const PATH_WIDTH = 1000;

/** A point of a line; undefined where the line is interrupted. */
export type LinePoint = { readonly x: number; readonly y: number } | undefined;

const isPoint = (point: LinePoint): boolean => point !== undefined;
const xOf = (point: LinePoint): number => point?.x ?? 0;
const yOf = (point: LinePoint): number => point?.y ?? 0;

/** The path of a line. A point between two gaps is a line without a length, which a round line end makes visible. */
export function linePath(points: readonly LinePoint[]): string {
  const draw = line<LinePoint>(xOf, yOf).defined(isPoint).digits(1);
  // d3 closes such a point, and the end of a closed path is not round.
  return (draw(points) ?? "").replaceAll("Z", "h0");
}

/** The path of the area below a line, down to `bottom`. */
export function areaPath(points: readonly LinePoint[], bottom: number): string {
  return area<LinePoint>(xOf, bottom, yOf).defined(isPoint).digits(1)(points) ?? "";
}

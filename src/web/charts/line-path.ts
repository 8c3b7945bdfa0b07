import { line } from "d3-shape";

/** A path cannot use percentages: it is drawn with this width, and stretched. */
export const PATH_WIDTH = 1000;

/**
 * The path of a line that is interrupted where there is no value. A value between two gaps is a line without a length,
 * which a round line end makes a point.
 *
 * @param x the place of a position, by its index
 * @param y the place of a value
 */
export function drawLine(
  values: readonly (number | null)[],
  x: (index: number) => number,
  y: (value: number) => number,
): string {
  const draw = line<number | null>(
    (_, index) => x(index),
    (value) => y(value ?? 0),
  )
    .defined((value) => value !== null)
    .digits(1);
  // d3 closes such a point, and the end of a closed path is not round.
  return (draw(values) ?? "").replaceAll("Z", "h0");
}

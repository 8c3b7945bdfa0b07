import { html } from "hono/html";
import { scaleLinear } from "d3-scale";
import type { Html } from "../page/page.ts";
import { PATH_WIDTH, renderLine } from "./line-path.ts";

/** In pixels; the line needs some room above and below. */
const HEIGHT = 28;
const MARGIN = 3;

/**
 * A small line without axes, from zero up to the largest value, interrupted where there is no value.
 *
 * @param label says what the line shows, for screen readers
 */
export function renderSparkline(label: string, values: readonly (number | null)[]): Html | "" {
  const largest = Math.max(0, ...values.map((value) => value ?? 0));
  if (largest === 0) return "";
  const y = scaleLinear([0, largest], [HEIGHT - MARGIN, MARGIN]);
  const x = scaleLinear([0, Math.max(1, values.length - 1)], [MARGIN, PATH_WIDTH - MARGIN]);
  const points = values.map((value, index) => (value === null ? undefined : { x: x(index), y: y(value) }));
  return html`<svg
    class="sparkline tone-primary"
    role="img"
    aria-label="${label}"
    width="100%"
    height="${HEIGHT}"
    viewBox="0 0 ${PATH_WIDTH} ${HEIGHT}"
    preserveAspectRatio="none"
  >
    ${renderLine(points)}
  </svg>`;
}

import { html } from "hono/html";
import type { Html } from "../page/page.ts";
import { TEXTURED, type Tone } from "./tone.ts";

/** The fill of an area of the tone, in a chart that contains its `renderTexture`. */
export function fillOf(tone: Tone, chartId: string): string {
  return tone === TEXTURED ? `url(#${chartId}-texture)` : "currentColor";
}

/** The hatching of a chart. It is not visible by itself, but a hidden pattern would not fill areas. */
export function renderTexture(chartId: string): Html {
  return html`<svg class="texture" width="0" height="0" aria-hidden="true">
    <pattern
      id="${chartId}-texture"
      class="tone-${TEXTURED}"
      width="5"
      height="5"
      patternUnits="userSpaceOnUse"
      patternTransform="rotate(45)"
    >
      <rect width="5" height="5" fill="currentColor" />
      <line class="gap" x1="0" x2="0" y1="0" y2="5" />
    </pattern>
  </svg>`;
}

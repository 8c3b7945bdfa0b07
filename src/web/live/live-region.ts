import { html } from "hono/html";
import type { Html } from "../page/page.ts";

/** How often a browser looks, in seconds: while something happens, and whether it has begun. */
const BUSY_SECONDS = 2;
const CALM_SECONDS = 30;

/**
 * A part of a page that `live.js` replaces by the same part of a newer page, as long as somebody looks at it.
 *
 * @param id of the part, unique in the page
 * @param busy whether it changes all the time
 */
export function liveRegion(id: string, busy: boolean, content: Html | string): Html {
  return html`<div id="${id}" data-live-seconds="${busy ? BUSY_SECONDS : CALM_SECONDS}">${content}</div>`;
}

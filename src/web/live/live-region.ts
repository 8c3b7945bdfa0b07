import { html } from "hono/html";
import type { Html } from "../page/page.ts";

/** How often a browser updates a part, in seconds: while it changes all the time, and otherwise. */
const BUSY_SECONDS = 2;
const CALM_SECONDS = 30;

/**
 * A part of a page that `live.js` replaces by the same part of a newer page, as long as the page is visible.
 *
 * @param id the id of the part, unique in the page
 * @param busy whether it changes all the time
 */
export function liveRegion(id: string, busy: boolean, content: Html | string): Html {
  return html`<div id="${id}" data-live-seconds="${busy ? BUSY_SECONDS : CALM_SECONDS}">${content}</div>`;
}

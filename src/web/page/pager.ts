import { html } from "hono/html";
import type { Html } from "./page.ts";

/**
 * The way to older entries, and back to the newest.
 *
 * @param older undefined when there are none
 * @param newest undefined on the first page
 */
export function renderPager(
  name: string,
  older: string | undefined,
  newest: string | undefined,
): Html | string {
  if (older === undefined && newest === undefined) return "";
  return html`<nav class="pager" aria-label="${name}">
    ${newest === undefined ? "" : html`<a class="button" href="${newest}">Newest</a>`}
    ${older === undefined ? "" : html`<a class="button" href="${older}" rel="next">Older</a>`}
  </nav>`;
}

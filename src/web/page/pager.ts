import { html } from "hono/html";
import type { Html } from "./page.ts";

/**
 * Links to older entries, and back to the newest.
 *
 * @param older the address of older entries; undefined when there are none
 * @param newest the address of the first page; undefined on that page
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

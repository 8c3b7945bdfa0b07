import { html } from "hono/html";
import type { Html } from "./page.ts";

/**
 * Links to the next entries, and back to the first.
 *
 * @param older the address of the next entries; undefined when there are none
 * @param newest the address of the first page; undefined on that page
 */
export function renderPager(
  name: string,
  older: string | undefined,
  newest: string | undefined,
): Html | string {
  if (older === undefined && newest === undefined) return "";
  return html`<nav class="pager" aria-label="${name}">
    ${newest === undefined ? "" : html`<a class="button" href="${newest}">First page</a>`}
    ${older === undefined ? "" : html`<a class="button" href="${older}" rel="next">Next page</a>`}
  </nav>`;
}

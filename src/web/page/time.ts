import { html } from "hono/html";
import type { Html } from "./page.ts";

/** `2026-01-05 02:00:03`, in UTC, as everywhere on the pages. */
export function timeText(time: Date): string {
  return time.toISOString().slice(0, 19).replace("T", " ");
}

/** A time as text and in machine-readable form; the footer of every page says that it is UTC. */
export function renderTime(time: Date): Html {
  return html`<time datetime="${time.toISOString()}">${timeText(time)}</time>`;
}

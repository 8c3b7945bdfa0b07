import { html } from "hono/html";
import type { Html } from "./page.ts";

/** `2026-01-05 02:00:03`, and in machine-readable form; the footer of every page says that it is UTC. */
export function renderTime(time: Date): Html {
  const iso = time.toISOString();
  return html`<time datetime="${iso}" title="${iso}">${iso.slice(0, 19).replace("T", " ")}</time>`;
}

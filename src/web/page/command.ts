import { html } from "hono/html";
import type { Html } from "./page.ts";

/** A command to type, with a button that copies it where there is JavaScript. */
export function renderCommand(command: string): Html {
  return html`<code data-copy>${command}</code>`;
}

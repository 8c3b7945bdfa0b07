import { html } from "hono/html";
import type { Html } from "./page.ts";

/** Between the accents of a message, which are for terminals, is a command. */
const COMMAND = /`([^`\n]+)`/;

/** A message of otc-etl as HTML: the commands in it stand out, and nothing else changes. */
export function renderText(text: string): Html {
  // With a group in the separator, every second part is a command.
  const parts = text.split(COMMAND);
  return html`${parts.map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part))}`;
}

/** What to do next; nothing when it is not known. */
export function renderRemedy(remedy: string | null): Html | "" {
  if (remedy === null) return "";
  return html`<p class="remedy"><span aria-hidden="true">→</span> ${renderText(remedy)}</p>`;
}

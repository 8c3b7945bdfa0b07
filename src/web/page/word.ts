import { html } from "hono/html";
import type { Html } from "./page.ts";

/** How good the news is; the colour repeats what the word says. */
export type Mood = "good" | "warn" | "bad" | "plain";

export function renderWord(mood: Mood, word: string): Html {
  return html`<span class="word ${mood}">${word}</span>`;
}

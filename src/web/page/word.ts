import { html } from "hono/html";
import type { Html } from "./page.ts";

/** The colour of a word, which only repeats its meaning. */
export type Mood = "good" | "warn" | "bad" | "plain";

export function renderWord(mood: Mood, word: string): Html {
  return html`<span class="word ${mood}">${word}</span>`;
}

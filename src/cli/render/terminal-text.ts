// Texts as a terminal shows them: some characters are two columns wide, and some have no width.
import { createRequire } from "node:module";
import type cliTruncate from "cli-truncate";
import type stringWidth from "string-width";
import type wrapAnsi from "wrap-ansi";

// The libraries that know which characters these are build tables of Unicode when they are loaded, which takes a tenth of
// the CPU time of a load of an empty view. Few texts need them.
const load = createRequire(import.meta.url);

/** Latin-1 without control characters and the soft hyphen, and what our own texts have besides: one column each. */
const PLAIN = /^[\u0020-\u007E\u00A1-\u00AC\u00AE-\u00FF\u2013\u2026\u2192]*$/;

/** How many columns of a terminal a text without control characters takes. */
export function textWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  const { default: width } = load("string-width") as { readonly default: typeof stringWidth };
  return width(text);
}

/** The text cut to so many columns, with an ellipsis at its end. It has no control characters. */
export function cutText(text: string, width: number): string {
  if (width === Infinity) return text;
  if (PLAIN.test(text) && width >= 1) return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
  const { default: cut } = load("cli-truncate") as { readonly default: typeof cliTruncate };
  return cut(text, width);
}

/** The lines of a text without control characters, each at most so many columns wide. Only long words are broken. */
export function wrapText(text: string, width: number): readonly string[] {
  const { default: wrap } = load("wrap-ansi") as { readonly default: typeof wrapAnsi };
  return wrap(text, width, { hard: true }).split("\n");
}

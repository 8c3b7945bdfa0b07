import { escapeControlCharacters } from "../../errors/escape-control-characters.ts";
import { formatRelativeTime, formatTime } from "../../format/format.ts";
import { parseWholeNumber } from "../../format/whole-number.ts";
import type { CliContext } from "../cli-context.ts";
import { cutText, wrapText } from "./terminal-text.ts";

/** How the text of a command is laid out. */
export interface Layout {
  /** The largest width of a line, in columns of a terminal. Infinite: nothing is left out or cut, and times are exact. */
  readonly width: number;
  /** The time that relative times refer to. */
  readonly now: Date;
}

/** A terminal that does not tell its width has at least this many columns. */
const USUAL_WIDTH = 80;

/** Lines of a text that continue its first one begin with this. */
const HANGING_INDENT = "  ";

/**
 * The layout of what a command writes to stdout. A terminal limits the width, and so does the variable `COLUMNS`. What
 * goes into a pipe or a file has no limit, so that its columns are always the same ones and `grep` finds whole texts.
 *
 * @param wide everything, even on a terminal
 */
export function layoutOf(
  { stdout, env }: Pick<CliContext, "stdout" | "env">,
  { wide }: { readonly wide: boolean },
): Layout {
  return { width: wide ? Infinity : widthOf(stdout, env), now: new Date() };
}

function widthOf(stdout: CliContext["stdout"], env: CliContext["env"]): number {
  const columns = parseWholeNumber(env["COLUMNS"] ?? "", { minimum: 1 });
  if (columns !== undefined) return columns;
  if (!stdout.isTTY) return Infinity;
  return stdout.columns > 0 ? stdout.columns : USUAL_WIDTH;
}

/** `3 h ago` where the width is limited, otherwise `2026-01-05 02:00:03Z`. */
export function timeText(time: Date, { width, now }: Layout): string {
  return width === Infinity ? formatTime(time) : formatRelativeTime(time, now);
}

/** When something happens, in a sentence: `3 h ago` or `at 2026-01-05 02:00:03Z`. */
export function momentText(time: Date, layout: Layout): string {
  return layout.width === Infinity ? `at ${timeText(time, layout)}` : timeText(time, layout);
}

/**
 * A text on as many lines as its words need, ending in a line feed. Control characters are escaped.
 *
 * @param first what stands before the text on its first line
 * @param indent what stands before the text on the other lines; default: two blanks
 */
export function renderText(text: string, { width }: Layout, first = "", indent = HANGING_INDENT): string {
  const escaped = escapeControlCharacters(text);
  if (width === Infinity) return `${first}${escaped}\n`;
  const room = Math.max(1, width - Math.max(first.length, indent.length));
  return wrapText(escaped, room)
    .map((line, index) => `${index === 0 ? first : indent}${line}\n`)
    .join("");
}

/** What is wrong and, on lines of its own, what to do next, if that is known. */
export function renderProblem(text: string, remedy: string | null, layout: Layout): string {
  return renderText(text, layout) + (remedy === null ? "" : renderText(`→ ${remedy}`, layout, "  ", "    "));
}

/** Named values, one per line. Those without a value are left out. */
export function renderFacts(
  facts: readonly (readonly [name: string, value: string | null])[],
  layout: Layout,
): string {
  const known = facts.flatMap(([name, value]) => (value === null ? [] : [{ name, value }]));
  const width = Math.max(...known.map(({ name }) => name.length)) + HANGING_INDENT.length;
  return known
    .map(({ name, value }) => renderText(value, layout, name.padEnd(width), " ".repeat(width)))
    .join("");
}

/** Lines whose breaks have a meaning, as in JSON: they are cut and not wrapped. Control characters are escaped. */
export function renderLines(lines: readonly string[], { width }: Layout): string {
  return lines.map((line) => `${cutText(escapeControlCharacters(line), width)}\n`).join("");
}

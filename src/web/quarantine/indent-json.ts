import { isJson } from "../../json/is-json.ts";

/** A string, a bracket, a comma, a colon, white space, or anything else up to one of these. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{}]|,|:|\s+|[^\s[\]{},:"]+/gsu;

const INDENT = "  ";

/** Deeper levels are not indented further: the indents of a text of only brackets would grow with its square. */
const MAX_LEVELS = 12;

/**
 * Puts every field of a JSON text on its own line and changes nothing else: parsing and writing it again would change large
 * numbers, and drop repeated fields. A text that is not JSON is not changed.
 */
export function indentJson(text: string): string {
  if (!isJson(text)) return text;
  const lines: string[] = [];
  let line = "";
  let depth = 0;
  const breakLine = (): void => {
    lines.push(line);
    line = INDENT.repeat(Math.min(depth, MAX_LEVELS));
  };
  const tokens = text.match(TOKEN)?.filter((token) => token.trim() !== "") ?? [];
  tokens.forEach((token, index) => {
    const isEmpty = /^[[{]$/.test(tokens[index - 1] ?? "");
    if (/^[\]}]$/.test(token)) {
      depth -= 1;
      if (!isEmpty) breakLine();
    } else if (isEmpty) {
      breakLine();
    }
    line += token === ":" ? ": " : token;
    if (/^[[{]$/.test(token)) depth += 1;
    if (token === ",") breakLine();
  });
  return [...lines, line].join("\n");
}

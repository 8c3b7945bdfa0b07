import { isJson } from "../../json/is-json.ts";

/** A string, a bracket, a comma, a colon, white space, or anything else up to one of these. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{}]|,|:|\s+|[^\s[\]{},:"]+/gsu;

const INDENT = "  ";

/** Deeper levels stand below one another: the indents of a text of brackets alone would be its square. */
const MAX_LEVELS = 12;

/**
 * Puts every field of a JSON text on a line of its own and changes nothing else: parsed and written again, large numbers
 * would come out as others, and a field that comes twice once. A text that is no JSON stays as it is.
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

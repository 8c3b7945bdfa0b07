import { escapeControlCharacters } from "../../errors/escape-control-characters.ts";

/** Escapes the control characters that JSON does not, because a record may contain any. */
export function jsonLine(value: unknown): string {
  return `${escapeControlCharacters(JSON.stringify(value))}\n`;
}

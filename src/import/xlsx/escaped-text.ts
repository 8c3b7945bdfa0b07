/** The escape of a character that XML does not allow, or of an underscore (ECMA-376, part 1, section 22.9.2.19). */
const ESCAPE = /_x([0-9A-Fa-f]{4})_/g;

/** Resolves the escapes of a spreadsheet's texts: `_x000D_` is a carriage return, `_x005F_` an underscore. */
export function unescapedText(text: string): string {
  if (!text.includes("_x")) return text;
  return text.replace(ESCAPE, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

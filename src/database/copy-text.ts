/**
 * The text format of COPY (https://www.postgresql.org/docs/current/sql-copy.html): columns end in tabs, rows in line
 * feeds, null is `\N`, and a backslash escapes.
 */
const NEEDS_ESCAPE = /[\\\n\r\t]/;
const ESCAPED = /[\\\n\r\t]/g;

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** One column's value, escaped. The value must not hold U+0000 or half a surrogate pair. */
function copyField(value: string | null): string {
  if (value === null) return "\\N";
  return NEEDS_ESCAPE.test(value)
    ? value.replace(ESCAPED, (character) => ESCAPES[character] as string)
    : value;
}

/** Collects rows into buffers for COPY. */
export class CopyTextWriter {
  #text = "";

  /** Characters waiting to be taken; at least as many bytes. */
  get pending(): number {
    return this.#text.length;
  }

  writeRow(values: readonly (string | null)[]): void {
    let line = "";
    for (let index = 0; index < values.length; index += 1) {
      if (index > 0) line += "\t";
      line += copyField(values[index] as string | null);
    }
    this.#text += `${line}\n`;
  }

  /** The rows written since they were last taken; they stay. */
  peek(): Buffer {
    return Buffer.from(this.#text, "utf8");
  }

  /** The rows written since the last call. */
  take(): Buffer {
    const bytes = this.peek();
    this.#text = "";
    return bytes;
  }
}

import { SourceError } from "../../errors/source-error.ts";

const ONE_NUMBER = /^(\D*)(\d+)(\D*)$/;

/**
 * Reads numbers out of texts such as INC0010001. Two texts never become one number: all of a file have the same text
 * around the number, and numbers with leading zeros have one length, below which none is written without them.
 */
export class NumberedTexts {
  readonly #column: string;
  #around: string | undefined;
  /** How many digits numbers with leading zeros have; undefined when there was none. */
  #padded: { readonly length: number; readonly text: string } | undefined;
  /** The shortest number without leading zeros. */
  #shortest: { readonly length: number; readonly text: string } | undefined;

  constructor(column: string) {
    this.#column = column;
  }

  /**
   * @returns the digits without leading zeros; a value without exactly one number unchanged
   * @throws SourceError `document` when another text could mean the same number
   */
  numberOf(value: unknown): unknown {
    if (typeof value !== "string" && typeof value !== "number") return value ?? null;
    const text = String(value).trim();
    const [, before = "", digits, after = ""] = ONE_NUMBER.exec(text) ?? [];
    if (digits === undefined) return value;
    this.#check(text, `${before}…${after}`, digits);
    return digits.replace(/^0+(?=\d)/, "");
  }

  #check(text: string, around: string, digits: string): void {
    this.#around ??= around;
    if (around !== this.#around) throw this.#collision(text, `others are ${this.#around}`);
    const { length } = digits;
    if (length > 1 && digits.startsWith("0")) {
      if (this.#padded !== undefined && this.#padded.length !== length) {
        throw this.#collision(text, `${this.#padded.text} has another length`);
      }
      this.#padded ??= { length, text };
    } else if (length < (this.#shortest?.length ?? Infinity)) {
      this.#shortest = { length, text };
    }
    if (
      this.#padded !== undefined &&
      this.#shortest !== undefined &&
      this.#shortest.length < this.#padded.length
    ) {
      throw this.#collision(this.#shortest.text, `${this.#padded.text} has leading zeros`);
    }
  }

  #collision(text: string, why: string): SourceError {
    return new SourceError(
      "document",
      `${this.#column} is ${JSON.stringify(text)}, but ${why}: two records could get one number. Nothing was loaded.`,
      { remedy: "Import records of each spelling from a file of their own, or use --generate-key." },
    );
  }
}

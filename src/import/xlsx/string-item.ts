import { unescapedText } from "./escaped-text.ts";

/**
 * Puts together a text that may be rich: its runs are joined, and what only tells how to pronounce it (`rPh`) is left
 * out. Stands behind shared strings and texts in cells alike.
 */
export class StringItem {
  #text = "";
  #inText = false;
  #inPhonetic = false;

  begin(): void {
    this.#text = "";
    this.#inText = false;
    this.#inPhonetic = false;
  }

  open(element: string): void {
    if (element === "t") this.#inText = true;
    else if (element === "rPh") this.#inPhonetic = true;
  }

  text(text: string): void {
    if (this.#inText && !this.#inPhonetic) this.#text += text;
  }

  close(element: string): void {
    if (element === "t") this.#inText = false;
    else if (element === "rPh") this.#inPhonetic = false;
  }

  /** What has been put together. */
  get value(): string {
    return unescapedText(this.#text);
  }
}

import { unescapedText } from "./escaped-text.ts";

/**
 * Assembles a text that may be rich. It joins the text's runs, and omits phonetic text (`rPh`). Both shared strings and
 * texts in cells are read with it.
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

  /** The assembled text. */
  get value(): string {
    return unescapedText(this.#text);
  }
}

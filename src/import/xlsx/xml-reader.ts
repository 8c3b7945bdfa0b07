import { SaxesParser } from "saxes";
import { errorMessage } from "../../errors/error-message.ts";
import { SourceError } from "../../errors/source-error.ts";

export type XmlAttributes = Readonly<Record<string, string>>;

/** Receives the content of a part. The names of elements have no namespace prefix. */
export interface XmlHandler {
  readonly open: (element: string, attributes: XmlAttributes) => void;
  readonly text: (text: string) => void;
  readonly close: (element: string) => void;
}

/**
 * Reads XML chunk by chunk. It holds at most one piece of text, whose size is limited.
 */
export class XmlReader {
  readonly #parser = new SaxesParser<{ position: false; xmlns: false }>({ position: false, xmlns: false });
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  readonly #part: string;
  readonly #maxTextBytes: number;
  #bytesSinceEvent = 0;

  /** @param part the name of the part, for messages */
  constructor(part: string, handler: XmlHandler, maxTextBytes: number) {
    this.#part = part;
    this.#maxTextBytes = maxTextBytes;
    this.#parser.on("opentag", ({ name, attributes }) => {
      this.#bytesSinceEvent = 0;
      handler.open(localName(name), attributes);
    });
    this.#parser.on("text", (text) => {
      handler.text(text);
    });
    this.#parser.on("cdata", (text) => {
      handler.text(text);
    });
    this.#parser.on("closetag", ({ name }) => {
      this.#bytesSinceEvent = 0;
      handler.close(localName(name));
    });
  }

  /** @throws SourceError `document` when it is not well-formed */
  write(chunk: Buffer): void {
    this.#bytesSinceEvent += chunk.length;
    this.#parse(() => this.#parser.write(this.#decoder.decode(chunk, { stream: true })));
    if (this.#bytesSinceEvent > this.#maxTextBytes) {
      throw new SourceError(
        "document",
        `${this.#part} has a text of more than ${this.#maxTextBytes} bytes.`,
        {
          remedy: "If such texts are expected, raise OTC_MAX_RECORD_BYTES.",
        },
      );
    }
  }

  /** @throws SourceError `document` unless the last element has been closed */
  end(): void {
    this.#parse(() => this.#parser.write(this.#decoder.decode()).close());
  }

  #parse(step: () => void): void {
    try {
      step();
    } catch (error) {
      if (error instanceof SourceError) throw error;
      throw new SourceError("document", `${this.#part} is not well-formed XML: ${errorMessage(error)}.`, {
        remedy: "The workbook is damaged. Nothing was loaded from it. Open it in Excel and save it again.",
        cause: error,
      });
    }
  }
}

/** Reads a small part to its end. */
export async function readXml(
  part: string,
  chunks: AsyncIterable<Buffer>,
  handler: XmlHandler,
  maxTextBytes: number,
): Promise<void> {
  const reader = new XmlReader(part, handler, maxTextBytes);
  for await (const chunk of chunks) reader.write(chunk);
  reader.end();
}

function localName(name: string): string {
  const colon = name.indexOf(":");
  return colon === -1 ? name : name.slice(colon + 1);
}

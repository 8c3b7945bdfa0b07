import { TextDecoder } from "node:util";
import { SourceError } from "../errors/source-error.ts";

const UTF16_MARKS: Readonly<Record<string, string>> = { fffe: "utf-16le", feff: "utf-16be" };
const MARK_BYTES = 2;

/**
 * The text of a file in UTF-8, or in UTF-16 with a byte order mark (Excel's "Unicode Text"), without the mark.
 *
 * @throws SourceError `document` when the bytes have another encoding
 */
export async function* decodedTexts(chunks: AsyncGenerator<Buffer>): AsyncGenerator<string> {
  let decoder: TextDecoder | undefined;
  let beginning = Buffer.alloc(0);
  let bytes = 0;
  try {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      let undecoded = chunk;
      if (decoder === undefined) {
        beginning = Buffer.concat([beginning, chunk]);
        if (beginning.length < MARK_BYTES) continue;
        decoder = decoderOf(beginning);
        undecoded = beginning;
      }
      const text = decoder.decode(undecoded, { stream: true });
      if (text !== "") yield text;
    }
    const end = decoder === undefined ? decoderOf(beginning).decode(beginning) : decoder.decode();
    if (end !== "") yield end;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const encoding = (decoder?.encoding ?? "utf-8").toUpperCase();
    throw new SourceError("document", `The file is not ${encoding}, soon after byte ${bytes}.`, {
      remedy: "Save it as CSV UTF-8, or convert it: iconv -f windows-1252 -t utf-8 FILE > NEW.csv",
      cause: error,
    });
  }
}

function decoderOf(beginning: Buffer): TextDecoder {
  const mark = beginning.toString("hex", 0, MARK_BYTES);
  return new TextDecoder(UTF16_MARKS[mark] ?? "utf-8", { fatal: true });
}

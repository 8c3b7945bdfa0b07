import type { FileHandle } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { type Entry, fromFdPromise, type ZipFile } from "yauzl";
import { errorMessage } from "../../errors/error-message.ts";
import { SourceError } from "../../errors/source-error.ts";

/** The first bytes of old .xls files, and of .xlsx files with a password (MS-CFB, section 2.2). */
const COMPOUND_FILE_MAGIC = Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]);

/** A workbook has a few parts, plus a few per sheet. */
const MAX_PARTS = 100_000;

/** Sheets compress to a tenth or a thirtieth. A large part that compresses to less than one in 400 is a zip bomb. */
const MAX_COMPRESSION = 400;
const SMALL_BYTES = 256 * 1024 * 1024;

/** The parts of an .xlsx file, which is a zip archive (ECMA-376, part 2). */
export class Archive {
  readonly #zip: ZipFile;
  readonly #parts: ReadonlyMap<string, Entry>;
  readonly #signal: AbortSignal;
  #bytesRead = 0;

  private constructor(zip: ZipFile, parts: ReadonlyMap<string, Entry>, signal: AbortSignal) {
    this.#zip = zip;
    this.#parts = parts;
    this.#signal = signal;
  }

  /**
   * @param file the caller closes it when the archive is no longer read
   * @param signal ends the reading of any part
   * @throws SourceError `document` when the file is not an archive, or was cut short
   */
  static async open(file: FileHandle, signal: AbortSignal): Promise<Archive> {
    const magic = Buffer.alloc(COMPOUND_FILE_MAGIC.length);
    await file.read(magic, 0, magic.length, 0);
    if (magic.equals(COMPOUND_FILE_MAGIC)) {
      throw new SourceError("document", "The file is an old .xls workbook, or needs a password.", {
        remedy: "Open it in Excel and save it as .xlsx, without a password.",
      });
    }
    try {
      const zip = await fromFdPromise(file.fd, { autoClose: false, lazyEntries: true });
      const parts = new Map<string, Entry>();
      for await (const entry of zip.eachEntry()) {
        if (parts.size >= MAX_PARTS) throw new Error(`it has more than ${MAX_PARTS} parts`);
        parts.set(partKey(entry.fileName), entry);
      }
      return new Archive(zip, parts, signal);
    } catch (error) {
      throw damaged(error);
    }
  }

  /** Bytes of all parts read so far, decompressed. */
  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** The decompressed size of a part; 0 when there is no part with that name. */
  sizeOf(name: string): number {
    return this.#parts.get(partKey(name))?.uncompressedSize ?? 0;
  }

  /**
   * The bytes of a part.
   *
   * @throws SourceError `document` when it is missing or damaged, or expands too much
   */
  async *read(name: string): AsyncGenerator<Buffer> {
    const part = this.#parts.get(partKey(name));
    if (part === undefined) throw damaged(new Error(`it has no part ${name}`));
    const { compressedSize, uncompressedSize } = part;
    if (uncompressedSize > SMALL_BYTES && uncompressedSize > compressedSize * MAX_COMPRESSION) {
      throw damaged(new Error(`${name} would expand from ${compressedSize} to ${uncompressedSize} bytes`));
    }
    let checksum = 0;
    try {
      const stream = await this.#zip.openReadStreamPromise(part);
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        this.#signal.throwIfAborted();
        checksum = crc32(chunk, checksum);
        this.#bytesRead += chunk.length;
        yield chunk;
      }
    } catch (error) {
      this.#signal.throwIfAborted();
      throw damaged(error);
    }
    if (checksum !== part.crc32) throw damaged(new Error(`the checksum of ${name} is wrong`));
  }
}

/** The names of parts are case-insensitive (ECMA-376, part 2). */
function partKey(name: string): string {
  return name.toLowerCase().replace(/^\//, "");
}

function damaged(error: unknown): SourceError {
  return new SourceError(
    "document",
    `The file is not an .xlsx workbook, or is damaged: ${errorMessage(error)}.`,
    {
      remedy: "It may have been cut short in transfer. Nothing was loaded from it. Copy or export it again.",
      cause: error,
    },
  );
}

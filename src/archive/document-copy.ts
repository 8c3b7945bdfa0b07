import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { constants, createZstdCompress } from "node:zlib";
import { errorMessage } from "../errors/error-message.ts";
import { type ArchivedDocument, PARTIAL } from "./archived-document.ts";

/** Owner only: documents hold what customers wrote. */
const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;

const COMPRESSION = {
  // The fastest level: OTC sends far slower than it compresses.
  params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: true },
  // What may wait, in bytes, before the load has to: compressing goes on in another thread meanwhile.
  highWaterMark: 1024 * 1024,
  chunkSize: 128 * 1024,
};

/** What became of the copy of a document; both null when none was made. */
export interface ArchiveResult {
  /** Its name in the archive. */
  readonly file: string | null;
  /** Why there is none, or what went wrong beside it. */
  readonly error: string | null;
}

/**
 * A document on its way into the archive, while it is being loaded. It has a temporary name until it is complete.
 *
 * Nothing here ever throws: a full disk ends the copy, and not the load.
 */
export class DocumentCopy {
  readonly #document: ArchivedDocument;
  readonly #onKept: () => Promise<void>;
  readonly #partial: string;
  readonly #compressor = createZstdCompress(COMPRESSION);
  readonly #ended = new AbortController();
  /** Whether all of it is on the disk. */
  #stored: Promise<boolean> = Promise.resolve(false);
  #kept = false;
  #error: string | null = null;

  /**
   * Begins a copy. What killed processes left of the view is removed: whoever loads a view is alone with it.
   *
   * @param onKept what follows when the document has its name
   */
  static async begin(document: ArchivedDocument, onKept: () => Promise<void>): Promise<DocumentCopy> {
    const copy = new DocumentCopy(document, onKept);
    try {
      const folder = dirname(document.path);
      await mkdir(folder, { recursive: true, mode: DIRECTORY_MODE });
      const left = (await readdir(folder)).filter((file) => file.endsWith(PARTIAL));
      for (const file of left) await rm(join(folder, file), { force: true });
      copy.#stored = copy.#store();
    } catch (error) {
      copy.#error = errorMessage(error);
    }
    return copy;
  }

  private constructor(document: ArchivedDocument, onKept: () => Promise<void>) {
    this.#document = document;
    this.#onKept = onKept;
    this.#partial = `${document.path}${PARTIAL}`;
  }

  get result(): ArchiveResult {
    return { file: this.#kept ? this.#document.name : null, error: this.#error };
  }

  /** Adds a chunk of the document; waits while the disk is slower than the source. */
  async write(chunk: Buffer): Promise<void> {
    if (this.#error !== null || this.#compressor.write(chunk)) return;
    // Rejected when the copy has ended in the meantime.
    await once(this.#compressor, "drain", { signal: this.#ended.signal }).catch(() => undefined);
  }

  /** The document is complete: gives it its name. */
  async keep(): Promise<void> {
    this.#compressor.end();
    if (!(await this.#stored)) return;
    try {
      await rename(this.#partial, this.#document.path);
      this.#kept = true;
      await this.#onKept();
    } catch (error) {
      await this.#giveUp(error);
    }
  }

  /** The load has done with the document: what was not kept by now goes. */
  async end(): Promise<void> {
    if (this.#kept || this.#error !== null) return;
    this.#compressor.destroy();
    await this.#stored;
    // The document was not complete, which is no fault of the archive.
    this.#error = null;
  }

  async #store(): Promise<boolean> {
    // Flushed to the disk, so that a name never stands for less than a document.
    const file = createWriteStream(this.#partial, { flags: "wx", mode: FILE_MODE, flush: true });
    try {
      await pipeline(this.#compressor, file);
      return true;
    } catch (error) {
      // A file that is still being opened could not be removed yet.
      if (!file.closed) await once(file, "close").catch(() => undefined);
      await this.#giveUp(error);
      return false;
    }
  }

  async #giveUp(error: unknown): Promise<void> {
    this.#error = errorMessage(error);
    this.#ended.abort();
    await rm(this.#partial, { force: true }).catch(() => undefined);
  }
}

import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { constants, createZstdCompress } from "node:zlib";
import { errorMessage } from "../errors/error-message.ts";
import { makeDirectory } from "../files/make-directory.ts";
import { type ArchivedDocument, PARTIAL } from "./archived-document.ts";

/** Only the owner has access, because documents contain what customers wrote. */
const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;

const COMPRESSION = {
  // The fastest level, which is still much faster than OTC sends.
  params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: true },
  // The bytes that may be buffered before the load has to wait. Another thread compresses meanwhile.
  highWaterMark: 1024 * 1024,
  chunkSize: 128 * 1024,
};

/** How long the archive may take for one step before it is given up, in milliseconds; for flushing the whole file, longer. */
const PATIENCE_MS = 10_000;
const FLUSH_PATIENCE_MS = 60_000;

/** The archive does not respond. A file operation that was begun cannot be called back, so no other is begun after it. */
class Unresponsive extends Error {}

/** The result of copying a document to the archive. Both are null when no copy was made. */
export interface ArchiveResult {
  /** Its name in the archive. */
  readonly file: string | null;
  /** Why there is no copy, or what failed after it was stored. */
  readonly error: string | null;
}

/**
 * Writes a document to the archive while it is being loaded. The file has a temporary name until it is complete.
 *
 * Its methods never throw: a full disk ends the copy, but not the load. They never wait long either: a disk that does not
 * respond is given up, and so is the copy.
 */
export class DocumentCopy {
  readonly #document: ArchivedDocument;
  readonly #onKept: () => Promise<void>;
  readonly #signal: AbortSignal;
  readonly #partial: string;
  readonly #compressor = createZstdCompress(COMPRESSION);
  readonly #ended = new AbortController();
  /** Whether the complete document is on the disk. */
  #stored: Promise<boolean> = Promise.resolve(false);
  #kept = false;
  #error: string | null = null;

  /**
   * Begins a copy, and removes incomplete files of killed processes. The view's lock ensures that no other load writes one.
   *
   * @param onKept called when the document has its final name
   * @param signal ends every wait
   */
  static async begin(
    document: ArchivedDocument,
    onKept: () => Promise<void>,
    signal: AbortSignal,
  ): Promise<DocumentCopy> {
    const copy = new DocumentCopy(document, onKept, signal);
    try {
      await copy.#within(PATIENCE_MS, prepareFolder(dirname(document.path)));
      copy.#stored = copy.#store();
    } catch (error) {
      await copy.#giveUp(error);
    }
    return copy;
  }

  private constructor(document: ArchivedDocument, onKept: () => Promise<void>, signal: AbortSignal) {
    this.#document = document;
    this.#onKept = onKept;
    this.#signal = signal;
    this.#partial = `${document.path}${PARTIAL}`;
    this.#compressor.on("error", () => undefined);
  }

  get result(): ArchiveResult {
    return { file: this.#kept ? this.#document.name : null, error: this.#error };
  }

  /**
   * Adds a chunk of the document. It waits while the disk is slower than the source, but not for one that hangs.
   *
   * @param onCompressed called when the chunk is needed no longer; perhaps never after an error
   */
  async write(chunk: Buffer, onCompressed: () => void): Promise<void> {
    if (this.#error !== null) return;
    const hasRoom = this.#compressor.write(chunk, (error) => {
      // After an error another thread may still read it.
      if (!(error instanceof Error)) onCompressed();
    });
    if (hasRoom) return;
    // The wait rejects when the copy has ended in the meantime.
    const drained = once(this.#compressor, "drain", { signal: this.#ended.signal }).catch(() => undefined);
    await this.#within(PATIENCE_MS, drained).catch((error: unknown) => this.#giveUp(error));
  }

  /** Gives the file its final name. Call it when the document is complete. */
  async keep(): Promise<void> {
    if (this.#error !== null) return;
    this.#compressor.end();
    try {
      if (!(await this.#within(FLUSH_PATIENCE_MS, this.#stored))) return;
      await this.#within(PATIENCE_MS, rename(this.#partial, this.#document.path));
      this.#kept = true;
      await this.#within(PATIENCE_MS, this.#onKept());
    } catch (error) {
      await this.#giveUp(error);
    }
  }

  /**
   * Removes the copy unless it was kept. Call it when the load no longer reads the document.
   *
   * @param patienceMs how long to wait until it is removed, in milliseconds
   */
  async end(patienceMs: number): Promise<void> {
    if (this.#kept || this.#error !== null) return;
    this.#compressor.destroy();
    await Promise.race([this.#stored, sleep(patienceMs, undefined, { ref: false })]);
    // The document was not complete, which is not an error of the archive.
    this.#error = null;
  }

  async #store(): Promise<boolean> {
    // The file is flushed to the disk, so that a final name always means a complete document.
    const file = createWriteStream(this.#partial, { flags: "wx", mode: FILE_MODE, flush: true });
    try {
      await pipeline(this.#compressor, file);
      return true;
    } catch (error) {
      // A file that is still being opened cannot be removed yet.
      if (!file.closed) await once(file, "close").catch(() => undefined);
      await this.#giveUp(error);
      return false;
    }
  }

  /** @throws Unresponsive when `work` takes longer, or the load ends before */
  async #within<T>(ms: number, work: Promise<T>): Promise<T> {
    const finished = new AbortController();
    const signal = AbortSignal.any([this.#signal, finished.signal]);
    const tooLong = sleep(ms, undefined, { signal }).then(
      () => Promise.reject(new Unresponsive(`${this.#document.path} did not respond for ${ms / 1000} s`)),
      () => Promise.reject(new Unresponsive("the load ended before the archive responded")),
    );
    try {
      return await Promise.race([work, tooLong]);
    } finally {
      finished.abort();
      // Whichever comes second has nobody to tell.
      tooLong.catch(() => undefined);
      work.catch(() => undefined);
    }
  }

  async #giveUp(error: unknown): Promise<void> {
    if (this.#error !== null) return;
    this.#error = errorMessage(error);
    this.#ended.abort();
    this.#compressor.destroy();
    if (error instanceof Unresponsive) return;
    await rm(this.#partial, { force: true }).catch(() => undefined);
  }
}

/** Makes the folder, and removes what killed processes have left in it. */
async function prepareFolder(folder: string): Promise<void> {
  await makeDirectory(folder, DIRECTORY_MODE);
  const left = (await readdir(folder)).filter((file) => file.endsWith(PARTIAL));
  for (const file of left) await rm(join(folder, file), { force: true });
}

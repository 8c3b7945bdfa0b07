import type { FileHandle } from "node:fs/promises";
import { CopyBinaryWriter } from "./copy-binary.ts";
import { openNamelessFile } from "../files/nameless-file.ts";

/** Rows beyond this many bytes wait on disk. */
const MAX_BYTES_IN_MEMORY = 4 * 1024 * 1024;

/** Rows for a later COPY. Any number of them takes a bounded amount of memory; the rest is in a nameless file. */
export class RowSpool {
  /** Writes the rows, one after the other. */
  readonly writer: CopyBinaryWriter;
  #file: FileHandle | undefined;
  /** The bytes of each block of whole rows in the file. */
  readonly #blocks: number[] = [];

  /** @param columns how many values a row has */
  constructor(columns: number) {
    this.writer = new CopyBinaryWriter(columns);
  }

  /** Moves the rows to disk when many have piled up in memory. To be called between chunks of the document. */
  async relieve(): Promise<void> {
    if (this.writer.pending < MAX_BYTES_IN_MEMORY) return;
    this.#file ??= await openNamelessFile();
    const rows = this.writer.take();
    await this.#file.appendFile(rows);
    this.#blocks.push(rows.length);
  }

  /** All rows, in the order in which they were written; they can be read again. */
  async *rows(): AsyncGenerator<Buffer> {
    let position = 0;
    for (const length of this.#blocks) {
      const { buffer } = (await this.#file?.read(Buffer.alloc(length), 0, length, position)) ?? {};
      if (buffer !== undefined) yield buffer;
      position += length;
    }
    yield this.writer.peek();
  }

  /** Gives the file back, if there is one. */
  async dispose(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }
}

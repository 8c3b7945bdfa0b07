import type { FileHandle } from "node:fs/promises";
import { CopyBinaryWriter } from "./copy-binary.ts";
import { openNamelessFile } from "../../files/nameless-file.ts";

/** Rows beyond this many bytes are moved to disk. */
const MAX_BYTES_IN_MEMORY = 4 * 1024 * 1024;

/** Rows for a later COPY. Memory holds a limited number of them, and a nameless file the others. */
export class RowSpool {
  /** Writes the rows, one after the other. */
  readonly writer: CopyBinaryWriter;
  #file: FileHandle | undefined;
  /** The bytes of each block of whole rows in the file. */
  readonly #blocks: number[] = [];

  /** @param columns the number of values per row */
  constructor(columns: number) {
    this.writer = new CopyBinaryWriter(columns);
  }

  /** Moves the rows to disk when memory holds many. Call it between chunks of the document. */
  async relieve(): Promise<void> {
    if (this.writer.pending < MAX_BYTES_IN_MEMORY) return;
    this.#file ??= await openNamelessFile();
    const rows = this.writer.take();
    await this.#file.appendFile(rows);
    this.#blocks.push(rows.length);
  }

  /** All rows, in the order in which they were written. They can be read repeatedly. */
  async *rows(): AsyncGenerator<Buffer> {
    let position = 0;
    for (const length of this.#blocks) {
      const { buffer } = (await this.#file?.read(Buffer.alloc(length), 0, length, position)) ?? {};
      if (buffer !== undefined) yield buffer;
      position += length;
    }
    yield this.writer.peek();
  }

  /** Closes the file, if there is one. */
  async dispose(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }
}

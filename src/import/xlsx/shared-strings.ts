import { readSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { openNamelessFile } from "../../files/nameless-file.ts";
import type { Archive } from "./archive.ts";
import { StringItem } from "./string-item.ts";
import { XmlReader } from "./xml-reader.ts";

/** The strings per block on disk. The index of the blocks' offsets costs an eighth of a byte per string. */
const BLOCK_STRINGS = 64;

/** Blocks in memory contain about this many characters at most. Other blocks are read from disk again. */
const CACHE_CHARACTERS = 16 * 1024 * 1024;

/** The memory of a string in addition to its characters. */
const STRING_OVERHEAD = 24;

/** Blocks are written to disk when they have this many bytes together. */
const WRITE_BYTES = 1024 * 1024;

/**
 * The texts of a workbook, to which its cells refer by number. A large export has hundreds of megabytes of them, so a
 * temporary file stores them, and memory holds the blocks that were read recently.
 */
export class SharedStrings {
  readonly #file: FileHandle;
  /** Where each block begins, followed by where the last one ends. */
  readonly #offsets: number[] = [0];
  #count = 0;
  /** Two generations of blocks. When the younger one is full, it replaces the older one, whose unused blocks are dropped. */
  #young = new Map<number, readonly string[]>();
  #old = new Map<number, readonly string[]>();
  #youngCharacters = 0;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /**
   * Moves the strings of a part to a temporary file.
   *
   * @param onChunk called after every chunk
   */
  static async read(
    archive: Archive,
    part: string,
    maxTextBytes: number,
    onChunk: () => void,
  ): Promise<SharedStrings> {
    const strings = new SharedStrings(await openNamelessFile());
    try {
      await strings.#fill(archive, part, maxTextBytes, onChunk);
      return strings;
    } catch (error) {
      await strings.close();
      throw error;
    }
  }

  /** The string with a number, undefined when there is none. */
  at(index: number): string | undefined {
    if (!(index >= 0 && index < this.#count)) return undefined;
    const number = Math.floor(index / BLOCK_STRINGS);
    return (this.#young.get(number) ?? this.#fetch(number))[index % BLOCK_STRINGS];
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #fill(archive: Archive, part: string, maxTextBytes: number, onChunk: () => void): Promise<void> {
    let block: string[] = [];
    let blocks: Buffer[] = [];
    let waiting = 0;
    const closeBlock = (): void => {
      const bytes = Buffer.from(JSON.stringify(block), "utf8");
      blocks.push(bytes);
      waiting += bytes.length;
      this.#count += block.length;
      this.#offsets.push((this.#offsets.at(-1) ?? 0) + bytes.length);
      block = [];
    };
    const write = async (): Promise<void> => {
      await this.#file.appendFile(Buffer.concat(blocks));
      blocks = [];
      waiting = 0;
    };

    const item = new StringItem();
    const reader = new XmlReader(
      part,
      {
        open: (element) => {
          if (element === "si") item.begin();
          else item.open(element);
        },
        text: (text) => {
          item.text(text);
        },
        close: (element) => {
          if (element !== "si") {
            item.close(element);
            return;
          }
          block.push(item.value);
          if (block.length === BLOCK_STRINGS) closeBlock();
        },
      },
      maxTextBytes,
    );
    for await (const chunk of archive.read(part)) {
      reader.write(chunk);
      if (waiting >= WRITE_BYTES) await write();
      onChunk();
    }
    reader.end();
    if (block.length > 0) closeBlock();
    await write();
  }

  #fetch(number: number): readonly string[] {
    const block = this.#old.get(number) ?? this.#readBlock(number);
    if (this.#youngCharacters > CACHE_CHARACTERS / 2) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngCharacters = 0;
    }
    this.#young.set(number, block);
    this.#youngCharacters += block.reduce((sum, text) => sum + text.length + STRING_OVERHEAD, 0);
    return block;
  }

  /** Synchronous, because a parser's events cannot wait. The file has just been written and is in the page cache. */
  #readBlock(number: number): readonly string[] {
    const [begin = 0, end = 0] = this.#offsets.slice(number, number + 2);
    const bytes = Buffer.allocUnsafe(end - begin);
    for (let read = 0; read < bytes.length;) {
      read += readSync(this.#file.fd, bytes, read, bytes.length - read, begin + read);
    }
    return JSON.parse(bytes.toString("utf8")) as string[];
  }
}

import { type FieldAddresses, FramingModule } from "./framing-module.ts";
import type { RecordFields } from "./record-fields.ts";

/** What `scan` returns for a record that JSON.parse has to read. */
export const NOT_SCANNED = -1;

/** Longer records are left to JSON.parse: they are rare, and every load would need the room for their texts. */
export const MAX_SCANNED_BYTES = 256 * 1024;

/** How far behind a record or a text the module reads and writes. */
const MARGIN_BYTES = 64;

const WORD_BYTES = Uint32Array.BYTES_PER_ELEMENT;

/** Names are compared so many bytes at a time. */
const NAME_BLOCK_BYTES = 16;

/**
 * Reads flat records of known fields in place, without creating objects or strings. WebAssembly does it, 16 bytes at a time
 * (assembly/scan-record.ts, docs/adr/0035).
 *
 * It reads a record completely or not at all. JSON.parse reads every record of an unusual shape (an unknown or repeated
 * field, a list or object as a value, half a surrogate pair, a very long record, anything that is not JSON). For a record
 * that the scanner accepts, JSON.parse would give the same values.
 */
export class RecordScanner {
  readonly #fields: RecordFields;
  readonly #module: FramingModule;
  readonly #addresses: FieldAddresses;
  /** Where records are copied that are not in the module's memory. */
  readonly #input: number;
  /** The module's memory at the last scan. */
  #memory: Buffer | undefined;

  /**
   * @param fields receives the values that are read
   * @param module records in its memory need no copy; nothing has been framed by it yet
   */
  constructor(fields: RecordFields, module = new FramingModule()) {
    const { names } = fields;
    const count = names.length;
    this.#fields = fields;
    this.#module = module;
    this.#addresses = {
      names: module.allocate(count * 2 * WORD_BYTES),
      followers: module.allocate((count + 1) * WORD_BYTES),
      kinds: module.allocate(count),
      starts: module.allocate(count * WORD_BYTES),
      ends: module.allocate(count * WORD_BYTES),
      decoded: module.allocate(MAX_SCANNED_BYTES + MARGIN_BYTES),
    };
    this.#input = module.allocate(MAX_SCANNED_BYTES + MARGIN_BYTES);
    names.forEach((name, index) => {
      this.#describe(index, Buffer.from(JSON.stringify(name)));
    });
    module.words[this.#addresses.followers / WORD_BYTES + count] = 0;
    module.describeFields(count, this.#addresses);
  }

  /**
   * Reads the record that begins at `start`, an opening brace. The bytes must be valid UTF-8.
   *
   * @param limit the first byte that is not read
   * @returns where the record ends (exclusive), or NOT_SCANNED
   */
  scan(bytes: Buffer, start: number, limit: number): number {
    const module = this.#module;
    const { bytes: memory } = module;
    // First, because the record that is not scanned has fields too.
    if (memory !== this.#memory) this.#useMemory(memory);
    if (limit - start > MAX_SCANNED_BYTES) return NOT_SCANNED;
    let from = start;
    if (bytes !== memory) {
      from = this.#input;
      bytes.copy(memory, from, start, limit);
    }
    const end = module.scanRecord(from, from + limit - start);
    this.#fields.setSource(memory);
    return end === 0 ? NOT_SCANNED : end - from + start;
  }

  #describe(index: number, name: Buffer): void {
    const module = this.#module;
    const address = module.allocate(name.length + NAME_BLOCK_BYTES);
    name.copy(module.bytes, address);
    const { words } = module;
    const { names, followers } = this.#addresses;
    words[names / WORD_BYTES + index * 2] = address;
    words[names / WORD_BYTES + index * 2 + 1] = name.length;
    words[followers / WORD_BYTES + index] = (index + 1) % this.#fields.names.length;
  }

  /** The memory has grown since the last record, so what lay over it is detached. */
  #useMemory(memory: Buffer): void {
    const { kinds, starts, ends } = this.#addresses;
    const count = this.#fields.names.length;
    this.#memory = memory;
    this.#fields.replace(
      new Uint8Array(memory.buffer, kinds, count),
      new Int32Array(memory.buffer, starts, count),
      new Int32Array(memory.buffer, ends, count),
    );
  }
}

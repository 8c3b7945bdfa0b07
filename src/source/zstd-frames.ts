const FRAME_MAGIC = 0xfd2f_b528;
/** The last four bits can have any value. */
const SKIPPABLE_MAGIC = 0x184d_2a50;
const CHECKSUM_BYTES = 4;
const MAGIC_BYTES = 4;
const RLE_BLOCK = 1;

/** The part of a frame that is being collected; `unknown` when no frame begins where one should. */
type Part = "magic" | "skippable size" | "descriptor" | "block header" | "unknown";

/**
 * Follows zstd data from frame to frame (RFC 8878, section 3.1) to detect whether it is complete. In some supported
 * releases of Node, the decoder accepts a frame that was cut short as a complete one.
 */
export class ZstdFrames {
  #part: Part = "magic";
  /** The header that is being collected. */
  readonly #header = Buffer.alloc(MAGIC_BYTES);
  #headerBytes = 0;
  #headerSize = MAGIC_BYTES;
  /** Bytes of content to skip before the next header. */
  #skip = 0;
  #checksumBytes = 0;
  #anyFrame = false;

  /** Whether the data so far ends with a frame. */
  get isComplete(): boolean {
    return this.#anyFrame && this.#part === "magic" && this.#headerBytes === 0 && this.#skip === 0;
  }

  push(chunk: Buffer): void {
    let index = 0;
    while (index < chunk.length && this.#part !== "unknown") {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, chunk.length - index);
        this.#skip -= skipped;
        index += skipped;
      } else {
        this.#header.writeUInt8(chunk.readUInt8(index), this.#headerBytes);
        this.#headerBytes += 1;
        index += 1;
        if (this.#headerBytes === this.#headerSize) this.#read(this.#part);
      }
    }
  }

  #expect(part: Part, headerSize: number, skip = 0): void {
    this.#part = part;
    this.#header.fill(0);
    this.#headerBytes = 0;
    this.#headerSize = headerSize;
    this.#skip = skip;
  }

  #read(part: Part): void {
    const value = this.#header.readUInt32LE();
    switch (part) {
      case "magic":
        this.#anyFrame = true;
        if (value === FRAME_MAGIC) this.#expect("descriptor", 1);
        else if ((value & ~0xf) === SKIPPABLE_MAGIC) this.#expect("skippable size", 4);
        else this.#part = "unknown";
        break;
      case "skippable size":
        this.#expect("magic", MAGIC_BYTES, value);
        break;
      case "descriptor": {
        const isSingleSegment = (value & 0x20) !== 0;
        const contentSizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][value >> 6] ?? 0;
        const dictionaryIdBytes = [0, 1, 2, 4][value & 3] ?? 0;
        this.#checksumBytes = (value & 4) === 0 ? 0 : CHECKSUM_BYTES;
        this.#expect("block header", 3, (isSingleSegment ? 0 : 1) + dictionaryIdBytes + contentSizeBytes);
        break;
      }
      case "block header": {
        const isLast = (value & 1) === 1;
        const bytes = ((value >> 1) & 3) === RLE_BLOCK ? 1 : value >> 3;
        if (isLast) this.#expect("magic", MAGIC_BYTES, bytes + this.#checksumBytes);
        else this.#expect("block header", 3, bytes);
        break;
      }
      case "unknown":
        break;
      default:
        part satisfies never;
    }
  }
}

import { Transform, type TransformCallback } from "node:stream";
import type { BrotliDecompress, Gunzip, Inflate, ZstdDecompress } from "node:zlib";
import { errorMessage } from "../errors/error-message.ts";
import { SourceError } from "../errors/source-error.ts";
import { DecodingError } from "./decoding-error.ts";

/** A kind of compression. */
export interface Codec {
  /** Its name in messages. */
  readonly name: string;
  readonly createDecoder: () => BrotliDecompress | Gunzip | Inflate | ZstdDecompress;
  /** What may follow the end of the compressed data: another part to be decompressed, zero bytes, or nothing. */
  readonly mayBeFollowedBy: "another part" | "zeros" | "nothing";
  /** Checks whether the data is complete, for codecs whose decoder cannot detect it. */
  readonly createCompletenessCheck?: () => CompletenessCheck;
}

interface CompletenessCheck {
  readonly push: (chunk: Buffer) => void;
  readonly isComplete: boolean;
}

/** Little data can be dense by chance, in bytes of output. */
const UNJUDGED_BYTES = 64 * 1024 * 1024;

/** The code of zlib's error for data that was cut short. */
const CUT_SHORT = "Z_BUF_ERROR";

/**
 * Decompresses data that may consist of several parts: gzip members or zstd frames one after another, as `cat` and pzstd
 * write them. A decoder of Node stops at the first zstd frame that ends in the middle of a chunk, and drops the rest.
 * This one continues with the rest, and rejects a rest that is not another part.
 *
 * It holds one chunk of its input, and accepts the next one when its output has been read.
 *
 * @throws DecodingError, or SourceError for data that is too dense, out of the stream
 */
export class ConcatenatedDecoder extends Transform {
  readonly #codec: Codec;
  readonly #completeness: CompletenessCheck | undefined;
  #decoder: ReturnType<Codec["createDecoder"]>;
  readonly #maxRatio: number;
  #bytesIn = 0;
  #bytesOut = 0;
  /** Bytes that earlier decoders have consumed. */
  #bytesBefore = 0;
  /** The chunk being decompressed, the bytes that the decoder consumed before it, and the callback for its end. */
  #pending:
    { readonly chunk: Buffer; readonly consumedBefore: number; readonly done: TransformCallback } | undefined;
  #onFlushed: TransformCallback | undefined;
  /** Whether the compressed data has ended, although the input continues. */
  #ended = false;

  /** @param maxRatio the largest allowed ratio of decompressed to compressed bytes, beyond the first 64 MiB */
  constructor(codec: Codec, maxRatio = Number.POSITIVE_INFINITY) {
    super();
    this.#codec = codec;
    this.#maxRatio = maxRatio;
    this.#completeness = codec.createCompletenessCheck?.();
    this.#decoder = this.#nextDecoder();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#completeness?.push(chunk);
    this.#bytesIn += chunk.length;
    this.#decode(chunk, done);
  }

  override _flush(done: TransformCallback): void {
    if (this.#ended) {
      done();
      return;
    }
    if (this.#completeness?.isComplete === false) {
      done(this.#cutShort());
      return;
    }
    this.#onFlushed = done;
    this.#decoder.end();
  }

  override _read(size: number): void {
    this.#decoder.resume();
    super._read(size);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#decoder.destroy();
    done(error);
  }

  /** The number of input bytes that have been decompressed. */
  get #position(): number {
    return this.#bytesBefore + this.#decoder.bytesWritten;
  }

  #nextDecoder(): ReturnType<Codec["createDecoder"]> {
    const decoder = this.#codec.createDecoder();
    decoder.on("data", (chunk: Buffer) => {
      this.#bytesOut += chunk.length;
      if (this.#bytesOut > UNJUDGED_BYTES && this.#bytesOut > this.#bytesIn * this.#maxRatio) {
        this.destroy(this.#tooDense());
        return;
      }
      if (!this.push(chunk)) decoder.pause();
    });
    decoder.on("end", () => {
      this.#endPart();
    });
    decoder.on("error", (error) => {
      this.destroy(this.#decodingError(error));
    });
    return decoder;
  }

  #decode(chunk: Buffer, done: TransformCallback): void {
    if (this.#ended) {
      done(chunk.every((byte) => byte === 0) ? null : this.#unexpectedRest());
      return;
    }
    const pending = { chunk, consumedBefore: this.#decoder.bytesWritten, done };
    this.#pending = pending;
    this.#decoder.write(chunk, () => {
      // A decoder that ended within the chunk calls this function when it is destroyed.
      if (this.#pending !== pending || this.#decoder.errored) return;
      this.#pending = undefined;
      done();
    });
  }

  /** Called when a decoder has ended: at the end of the input, or at the end of a part in the middle of the chunk. */
  #endPart(): void {
    if (this.#pending === undefined) {
      this.#onFlushed?.();
      return;
    }
    const { chunk, consumedBefore, done } = this.#pending;
    this.#pending = undefined;
    const rest = chunk.subarray(this.#decoder.bytesWritten - consumedBefore);
    switch (this.#codec.mayBeFollowedBy) {
      case "another part":
        this.#bytesBefore = this.#position;
        this.#decoder.destroy();
        this.#decoder = this.#nextDecoder();
        break;
      case "zeros":
        this.#ended = true;
        break;
      case "nothing":
        done(this.#unexpectedRest());
        return;
      default:
        this.#codec.mayBeFollowedBy satisfies never;
    }
    this.#decode(rest, done);
  }

  #tooDense(): SourceError {
    return new SourceError(
      "document",
      `The ${this.#codec.name} data becomes more than ${this.#maxRatio} times larger: ${this.#bytesOut} bytes from ${this.#bytesIn} bytes.`,
      {
        remedy:
          "No service desk has such data, and the database would be filled with it. Ask the OTC team, or raise OTC_MAX_COMPRESSION_RATIO.",
      },
    );
  }

  #unexpectedRest(): DecodingError {
    return new DecodingError(
      `the ${this.#codec.name} data ends at byte ${this.#position}, and other data follows`,
    );
  }

  #cutShort(cause?: Error): DecodingError {
    return new DecodingError(
      `the ${this.#codec.name} data was cut short: it ends after byte ${this.#position}`,
      { cause },
    );
  }

  #decodingError(error: NodeJS.ErrnoException): DecodingError {
    if (error.code === CUT_SHORT) return this.#cutShort(error);
    return new DecodingError(
      `the ${this.#codec.name} data is damaged, or other data follows it, after byte ${this.#position}: ${errorMessage(error)}`,
      { cause: error },
    );
  }
}

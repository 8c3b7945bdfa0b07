import { Readable, type Transform, pipeline } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from "node:zlib";
import { type Codec, ConcatenatedDecoder } from "./concatenated-decoder.ts";
import { SourceError } from "../errors/source-error.ts";
import { resumed } from "./resumed.ts";
import { ZstdFrames } from "./zstd-frames.ts";

/** The encodings that a request accepts, the preferred one first. zstd decodes fastest. */
export const ACCEPTED_ENCODINGS = "zstd, gzip, br";

/** Node's decoder reads further members by itself. Zeros after the last one are ignored, as gzip(1) ignores them. */
const GZIP: Codec = { name: "gzip", createDecoder: createGunzip, mayBeFollowedBy: "zeros" };
const ZSTD: Codec = {
  name: "zstd",
  createDecoder: createZstdDecompress,
  mayBeFollowedBy: "another part",
  createCompletenessCheck: () => new ZstdFrames(),
};

const CODECS: ReadonlyMap<string, Codec> = new Map<string, Codec>([
  ["gzip", GZIP],
  ["x-gzip", GZIP],
  ["deflate", { name: "deflate", createDecoder: createInflate, mayBeFollowedBy: "nothing" }],
  ["br", { name: "br", createDecoder: createBrotliDecompress, mayBeFollowedBy: "nothing" }],
  ["zstd", ZSTD],
]);

const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);
const ZSTD_MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
/** A skippable frame, such as pzstd writes first (RFC 8878, section 3.1.2). Its first byte is any from 0x50 to 0x5f. */
const ZSTD_SKIPPABLE_MAGIC_END = Buffer.from([0x2a, 0x4d, 0x18]);

/**
 * Undoes an HTTP `Content-Encoding`.
 *
 * @param maxRatio the largest allowed ratio of decompressed to compressed bytes
 * @returns a stream that fails with a DecodingError when the body is damaged, was cut short or continues after its end
 * @throws SourceError `source` for an unsupported encoding
 */
export function decodeContent(body: Readable, contentEncoding: string, maxRatio?: number): Readable {
  return contentEncoding
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "" && name !== "identity")
    .reverse()
    .reduce((stream, name) => {
      const codec = CODECS.get(name);
      if (codec === undefined) {
        stream.destroy();
        throw new SourceError("source", `OTC answered in the encoding "${name}", which otc-etl cannot read.`);
      }
      return pipeThrough(stream, new ConcatenatedDecoder(codec, maxRatio));
    }, body);
}

/** Decompresses a file according to its first bytes, whatever its name. Any other content is passed on unchanged. */
export async function decompressFile(file: Readable): Promise<Readable> {
  const chunks = (file as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  // A pipe may deliver the bytes one by one.
  let first = Buffer.alloc(0);
  while (first.length < ZSTD_MAGIC.length) {
    const next = await chunks.next();
    if (next.done === true) break;
    first = Buffer.concat([first, next.value]);
  }
  const whole = Readable.from(resumed(first.length > 0 ? [first] : [], chunks), { objectMode: false });
  if (isGzip(first)) return pipeThrough(whole, new ConcatenatedDecoder(GZIP));
  if (isZstd(first)) return pipeThrough(whole, new ConcatenatedDecoder(ZSTD));
  return whole;
}

/** Whether a file with this beginning would be decompressed. */
export function isCompressed(beginning: Buffer): boolean {
  return isGzip(beginning) || isZstd(beginning);
}

function isGzip(beginning: Buffer): boolean {
  return beginning.subarray(0, GZIP_MAGIC.length).equals(GZIP_MAGIC);
}

function isZstd(beginning: Buffer): boolean {
  const magic = beginning.subarray(0, ZSTD_MAGIC.length);
  if (magic.equals(ZSTD_MAGIC)) return true;
  return ((magic[0] ?? 0) & 0xf0) === 0x50 && magic.subarray(1).equals(ZSTD_SKIPPABLE_MAGIC_END);
}

/** Destroying either end destroys the other, and the decoder also emits an error of the source. */
function pipeThrough(source: Readable, decoder: Transform): Readable {
  pipeline(source, decoder, () => {
    // The reader of the decoder receives the error, but `pipeline` requires a callback.
  });
  // The error may occur before anything reads the decoder. Without a listener it would end the process.
  return decoder.on("error", () => undefined);
}

import { Readable, type Transform, pipeline } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from "node:zlib";
import { SourceError } from "./source-error.ts";

/** What we ask for, in the order of our liking; zstd decodes fastest. */
export const ACCEPTED_ENCODINGS = "zstd, gzip, br";

const DECODERS: ReadonlyMap<string, () => Transform> = new Map<string, () => Transform>([
  ["gzip", createGunzip],
  ["x-gzip", createGunzip],
  ["deflate", createInflate],
  ["br", createBrotliDecompress],
  ["zstd", createZstdDecompress],
]);

const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);
const ZSTD_MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/**
 * Undoes an HTTP `Content-Encoding`.
 *
 * @throws SourceError `source` for an encoding that we did not ask for
 */
export function decodeContent(body: Readable, contentEncoding: string): Readable {
  return contentEncoding
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "" && name !== "identity")
    .reverse()
    .reduce((stream, name) => {
      const decoder = DECODERS.get(name);
      if (decoder === undefined) {
        stream.destroy();
        throw new SourceError("source", `OTC answered in the encoding "${name}", which otc-etl cannot read.`);
      }
      return through(stream, decoder());
    }, body);
}

/** Decompresses a file by what its first bytes say, whatever its name says; anything unknown is passed on as it is. */
export async function decompressFile(file: Readable): Promise<Readable> {
  const chunks = (file as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  // A pipe may deliver them one by one.
  let first = Buffer.alloc(0);
  while (first.length < ZSTD_MAGIC.length) {
    const next = await chunks.next();
    if (next.done === true) break;
    first = Buffer.concat([first, next.value]);
  }
  const whole = Readable.from(startingWith(first, chunks), { objectMode: false });
  if (isGzip(first)) return through(whole, createGunzip());
  if (isZstd(first)) return through(whole, createZstdDecompress());
  return whole;
}

/** Whether a file that begins so would be decompressed. */
export function isCompressed(beginning: Buffer): boolean {
  return isGzip(beginning) || isZstd(beginning);
}

function isGzip(beginning: Buffer): boolean {
  return beginning.subarray(0, GZIP_MAGIC.length).equals(GZIP_MAGIC);
}

function isZstd(beginning: Buffer): boolean {
  return beginning.subarray(0, ZSTD_MAGIC.length).equals(ZSTD_MAGIC);
}

async function* startingWith(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  if (first.length > 0) yield first;
  yield* { [Symbol.asyncIterator]: () => rest };
}

/** Destroying either end destroys the other, and an error of the first comes out of the second. */
function through(source: Readable, decoder: Transform): Readable {
  pipeline(source, decoder, () => {
    // The error reaches whoever reads the decoder; pipeline only wants somebody to have looked.
  });
  // It may come before anybody reads, and without a listener it would end the process.
  return decoder.on("error", () => undefined);
}

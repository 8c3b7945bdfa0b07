import { type Readable, type Transform, pipeline } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from "node:zlib";
import { SourceError } from "./source-error.ts";

/** What we ask for, in the order of our liking; zstd decodes fastest. */
export const ACCEPTED_ENCODINGS = "zstd, gzip, br";

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: () => createGunzip(),
  "x-gzip": () => createGunzip(),
  deflate: () => createInflate(),
  br: () => createBrotliDecompress(),
  zstd: () => createZstdDecompress(),
};

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
      const decoder = DECODERS[name];
      if (decoder === undefined) {
        stream.destroy();
        throw new SourceError("source", `OTC answered in the encoding "${name}", which otc-etl cannot read.`);
      }
      return through(stream, decoder());
    }, body);
}

/** Decompresses a file by what its first bytes say, whatever its name says; anything unknown is passed on as it is. */
export async function decompressFile(file: Readable): Promise<Readable> {
  const first = await firstBytes(file, ZSTD_MAGIC.length);
  if (first.subarray(0, 2).equals(GZIP_MAGIC)) return through(file, createGunzip());
  if (first.subarray(0, 4).equals(ZSTD_MAGIC)) return through(file, createZstdDecompress());
  return file;
}

/** Destroying either end destroys the other, and an error of the first comes out of the second. */
function through(source: Readable, decoder: Transform): Readable {
  return pipeline(source, decoder, () => {
    // The error reaches whoever reads the decoder; pipeline only wants somebody to have looked.
  });
}

/** Reads a stream's first chunk and puts it back. */
async function firstBytes(stream: Readable): Promise<Buffer> {
  await new Promise<void>((resolve, reject) => {
    stream.once("readable", resolve);
    stream.once("end", resolve);
    stream.once("error", reject);
  });
  const chunk = stream.read() as Buffer | null;
  if (chunk === null) return Buffer.alloc(0);
  stream.unshift(chunk);
  return chunk;
}

import type { Duplex } from "node:stream";
import { constants, createBrotliCompress, createGzip, createZstdCompress } from "node:zlib";

export type ContentEncoding = "identity" | "gzip" | "br" | "zstd";

/** A fresh compressor, or `undefined` for identity. Levels are low: a slow simulator would hide a slow loader. */
export function contentEncoder(encoding: ContentEncoding): Duplex | undefined {
  switch (encoding) {
    case "identity":
      return undefined;
    case "gzip":
      return createGzip({ level: 3 });
    case "br":
      return createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 3 } });
    case "zstd":
      return createZstdCompress();
    default:
      return encoding satisfies never;
  }
}

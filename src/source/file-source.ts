import type { Readable } from "node:stream";
import type { DocumentSource } from "./document-source.ts";
import { isStdin, nameOf, openFileBytes } from "./file-bytes.ts";

/**
 * A document in a file, plain or compressed with gzip or zstd. The path `-` means standard input.
 *
 * @param stdin the stream that `-` reads
 */
export function fileSource(path: string, stdin: Readable): DocumentSource {
  return {
    origin: nameOf(path),
    kind: "file",
    canReopen: !isStdin(path),
    open: async (signal) => (await openFileBytes(path, stdin, signal)).chunks,
  };
}

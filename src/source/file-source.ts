import type { Readable } from "node:stream";
import type { DocumentSource } from "./document-source.ts";
import { checkFile, isStdin, nameOf, openFileBytes } from "./file-bytes.ts";

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

/**
 * A document in a file that a user names, which may also be a pipe, as in `--from <(command)`.
 *
 * @throws OtcError `usage` when it does not exist or cannot be read
 */
export async function checkedFileSource(path: string, stdin: Readable): Promise<DocumentSource> {
  return { ...fileSource(path, stdin), ...(await checkFile(path)) };
}

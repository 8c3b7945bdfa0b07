import { createReadStream } from "node:fs";
import { access, constants, stat } from "node:fs/promises";
import { addAbortSignal, type Readable } from "node:stream";
import { errorMessage } from "../errors/error-message.ts";
import { OtcError } from "../errors/otc-error.ts";
import { decompressFile } from "./decompress.ts";
import { DecodingError } from "./decoding-error.ts";
import { SourceError } from "../errors/source-error.ts";

const STDIN = "-";

/** The bytes of a file, plain or compressed with gzip or zstd. */
export interface FileBytes {
  /** Decompressed. They can be read once, and ending the iteration early closes the file. */
  readonly chunks: AsyncGenerator<Buffer>;
  /** How much of the file has been read, from 0 to 1; undefined for standard input and pipes, whose size is unknown. */
  readonly share: () => number | undefined;
}

/**
 * Opens a file. The path `-` means standard input.
 *
 * @param stdin the stream that `-` reads
 * @throws SourceError `source` when it cannot be read
 */
export async function openFileBytes(path: string, stdin: Readable, signal: AbortSignal): Promise<FileBytes> {
  if (isStdin(path)) {
    // The writer to standard input may be silent for hours. Only the signal ends that wait.
    return { chunks: readChunks(path, addAbortSignal(signal, stdin)), share: () => undefined };
  }
  const size = await sizeOf(path);
  const stream = createReadStream(path, { highWaterMark: 256 * 1024, signal });
  return {
    chunks: readChunks(path, stream),
    share: () => (size === undefined ? undefined : size === 0 ? 1 : stream.bytesRead / size),
  };
}

export function isStdin(path: string): boolean {
  return path === STDIN;
}

/** The file's name in messages and in the run's record. */
export function nameOf(path: string): string {
  return isStdin(path) ? "standard input" : path;
}

export function unreadable(path: string, error: unknown): SourceError {
  return new SourceError("source", `Cannot read ${nameOf(path)}: ${errorMessage(error)}.`, {
    ...(error instanceof DecodingError
      ? { remedy: "None of its records were loaded. Copy the file again, or compress it again." }
      : {}),
    cause: error,
  });
}

/**
 * Checks a file that a user names, before anything is done with it. A pipe is not opened, because that would wait for its
 * writer.
 *
 * @returns whether the file can be read again
 * @throws OtcError `usage` when it does not exist or cannot be read
 */
export async function checkFile(path: string): Promise<{ readonly canReopen: boolean }> {
  if (isStdin(path)) return { canReopen: false };
  try {
    const size = await sizeOf(path);
    await access(path, constants.R_OK);
    return { canReopen: size !== undefined };
  } catch (error) {
    const cause = error instanceof SourceError ? error.cause : error;
    const reason = errorMessage(cause).replace(` (${path})`, "");
    throw new OtcError("usage", `Cannot read ${path}: ${reason}.`, {
      remedy: INHERITED.test(path)
        ? "npx does not hand open files on. Run node_modules/.bin/otc-etl, or pipe the document to `--from -`."
        : "Nothing was loaded. Give the path of a document that exists and that you may read.",
      cause,
    });
  }
}

/** Where a shell puts the pipe of `<(command)`. */
const INHERITED = /^\/(?:dev|proc\/self)\/fd\/\d+$/;

/** In bytes; undefined for a pipe. */
async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const file = await stat(path);
    if (file.isFIFO()) return undefined;
    if (!file.isFile()) throw new Error("it is not a file");
    return file.size;
  } catch (error) {
    throw unreadable(path, error);
  }
}

async function* readChunks(path: string, stream: Readable): AsyncGenerator<Buffer> {
  try {
    yield* (await decompressFile(stream)) as AsyncIterable<Buffer>;
  } catch (error) {
    throw unreadable(path, error);
  }
}

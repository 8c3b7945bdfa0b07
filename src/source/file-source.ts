import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { addAbortSignal, type Readable } from "node:stream";
import { reasonOf } from "../errors/reason.ts";
import { decompressFile } from "./decompress.ts";
import type { DocumentSource } from "./document-source.ts";
import { SourceError } from "./source-error.ts";

const STDIN = "-";

/**
 * A document in a file, plain or compressed with gzip or zstd; `-` is standard input.
 *
 * @param stdin what `-` reads
 */
export function fileSource(path: string, stdin: Readable): DocumentSource {
  return {
    origin: nameOf(path),
    kind: "file",
    repeatable: path !== STDIN,
    // Whoever writes to standard input may say nothing for hours; only the signal ends the wait then.
    open: async (signal) =>
      readChunks(path, path === STDIN ? addAbortSignal(signal, stdin) : await openFile(path, signal)),
  };
}

async function openFile(path: string, signal: AbortSignal): Promise<Readable> {
  try {
    if (!(await stat(path)).isFile()) throw new Error("it is not a file");
  } catch (error) {
    throw unreadable(path, error);
  }
  return createReadStream(path, { highWaterMark: 256 * 1024, signal });
}

async function* readChunks(path: string, stream: Readable): AsyncGenerator<Buffer> {
  try {
    yield* (await decompressFile(stream)) as AsyncIterable<Buffer>;
  } catch (error) {
    throw unreadable(path, error);
  }
}

function nameOf(path: string): string {
  return path === STDIN ? "standard input" : path;
}

function unreadable(path: string, error: unknown): SourceError {
  return new SourceError("source", `Cannot read ${nameOf(path)}: ${reasonOf(error)}.`, { cause: error });
}

import { type FileHandle, open } from "node:fs/promises";
import type { Readable } from "node:stream";
import { isCompressed } from "../source/decompress.ts";
import { isStdin, openFileBytes, unreadable } from "../source/file-bytes.ts";
import { openNamelessFile } from "../files/nameless-file.ts";

const MAGIC_BYTES = 4;

/**
 * Opens a file for reading in any order. For a pipe or a compressed file, it opens a temporary copy of the decompressed
 * bytes.
 */
export async function openSeekableFile(
  path: string,
  stdin: Readable,
  signal: AbortSignal,
): Promise<FileHandle> {
  if (!isStdin(path)) {
    const file = await openFile(path);
    const magic = Buffer.alloc(MAGIC_BYTES);
    await file.read(magic, 0, MAGIC_BYTES, 0);
    if (!isCompressed(magic)) return file;
    await file.close();
  }
  const { chunks } = await openFileBytes(path, stdin, signal);
  const copy = await openNamelessFile();
  try {
    for await (const chunk of chunks) await copy.appendFile(chunk);
    return copy;
  } catch (error) {
    await copy.close();
    throw error;
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    const file = await open(path);
    if ((await file.stat()).isFile()) return file;
    await file.close();
    throw new Error("it is not a file");
  } catch (error) {
    throw unreadable(path, error);
  }
}

import { randomUUID } from "node:crypto";
import { type FileHandle, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Opens a temporary file that exists as long as its handle. Its name is removed at once, so a killed process leaves none. */
export async function openNamelessFile(): Promise<FileHandle> {
  const path = join(tmpdir(), `otc-etl-${randomUUID()}`);
  const handle = await open(path, "wx+", 0o600);
  try {
    await rm(path);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

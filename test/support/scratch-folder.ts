import { accessSync, constants, mkdtempSync, statfsSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MEMORY = "/dev/shm";

/**
 * With this many bytes free there is room for what all tests of a run have at once: an embedded database takes 40 MB, a
 * server with its databases and WAL half a gigabyte.
 */
const PLENTY = 3_000_000_000;

/**
 * Where databases of tests lie: in memory where there is plenty, else the temp folder. They are made of hundreds of small
 * files, and copying one takes twenty times longer on a disk.
 */
export function scratchPlace(): string {
  return hasPlenty() ? MEMORY : tmpdir();
}

/** A new folder in the scratch place. */
export function scratchFolder(): Promise<string> {
  return mkdtemp(scratchPrefix());
}

/** The same, at once. */
export function scratchFolderSync(): string {
  return mkdtempSync(scratchPrefix());
}

function scratchPrefix(): string {
  return join(scratchPlace(), "otc-etl-test-");
}

function hasPlenty(): boolean {
  try {
    accessSync(MEMORY, constants.W_OK);
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize > PLENTY;
  } catch {
    return false;
  }
}

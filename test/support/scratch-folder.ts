import { accessSync, constants, statfsSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MEMORY = "/dev/shm";

/** An embedded database takes 40 MB; with this many bytes free there is room for those of all test files at once. */
const PLENTY = 1_000_000_000;

/** A new folder, in memory where there is plenty: a busy disk takes a second to copy an embedded database. */
export function scratchFolder(): Promise<string> {
  return mkdtemp(join(hasPlenty() ? MEMORY : tmpdir(), "otc-etl-test-"));
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

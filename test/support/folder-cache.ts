import { createHash, randomBytes } from "node:crypto";
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs";
import { join } from "node:path";

/** What no run has taken for so long is removed. */
const KEPT_MS = 24 * 3_600_000;

/** A name that changes with the name or the content of any of the files, and with the platform. */
export function contentKey(root: string, patterns: readonly string[]): string {
  const hash = createHash("sha256").update(`${process.platform} ${process.arch} ${process.version}`);
  for (const path of globSync([...patterns], { cwd: root }).sort()) {
    hash.update(`\0${path}\0`).update(readFileSync(join(root, path)));
  }
  return hash.digest("hex").slice(0, 32);
}

/**
 * Fills an existing folder with what the cache has under this key, or else by `create`, and then the cache has it, too. A run
 * that ends while it writes leaves nothing that another one would take.
 */
export async function fromCache(
  cache: string,
  key: string,
  folder: string,
  create: () => Promise<void>,
): Promise<void> {
  const entry = join(cache, key);
  if (existsSync(entry)) {
    utimesSync(entry, new Date(), new Date());
    cpSync(entry, folder, { recursive: true });
    return;
  }
  await create();
  const written = `${entry}.${randomBytes(6).toString("hex")}`;
  try {
    mkdirSync(cache, { recursive: true });
    removeOld(cache);
    cpSync(folder, written, { recursive: true });
    renameSync(written, entry);
  } catch {
    // Another run has written the same, or nothing can be written there: the next run creates it again.
    rmSync(written, { recursive: true, force: true });
  }
}

function removeOld(cache: string): void {
  for (const name of readdirSync(cache)) {
    const path = join(cache, name);
    if (Date.now() - statSync(path).mtimeMs > KEPT_MS) rmSync(path, { recursive: true, force: true });
  }
}

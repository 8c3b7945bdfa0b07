import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, rmdirSync, writeFileSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A file system that can be frozen: whoever writes to it then waits. */
interface FreezableDisk {
  readonly folder: string;
  freeze(): void;
  thaw(): void;
  /** Thaws and unmounts it. */
  remove(): void;
}

const SIZE_BYTES = 64 * 1024 * 1024;

/**
 * Mounts a file system of its own that can be frozen.
 *
 * @param title of the test, to be named when it is skipped
 * @returns undefined where we may not mount one
 */
export function mountFreezableDisk(title: string): FreezableDisk | undefined {
  const imageFolder = mkdtempSync(join(tmpdir(), "otc-etl-image-"));
  const image = join(imageFolder, "disk");
  const folder = mkdtempSync(join(tmpdir(), "otc-etl-freezable-"));
  const run = (command: string, ...args: string[]): void => {
    execFileSync(command, args, { stdio: "pipe" });
  };
  writeFileSync(image, "");
  truncateSync(image, SIZE_BYTES);
  try {
    run("mkfs.ext4", "-q", image);
    run("mount", "-o", "loop", image, folder);
  } catch {
    rmdirSync(folder);
    rmSync(imageFolder, { recursive: true });
    process.stderr.write(`\n!!! SKIPPED "${title}": this account may not mount a file system\n\n`);
    return undefined;
  }
  let isFrozen = false;
  const thaw = (): void => {
    if (isFrozen) run("fsfreeze", "--unfreeze", folder);
    isFrozen = false;
  };
  return {
    folder,
    freeze: () => {
      run("fsfreeze", "--freeze", folder);
      isFrozen = true;
    },
    thaw,
    remove: () => {
      thaw();
      run("umount", "--lazy", folder);
      rmdirSync(folder);
      rmSync(imageFolder, { recursive: true });
    },
  };
}

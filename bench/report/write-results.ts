import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import packageJson from "../../package.json" with { type: "json" };
import type { BenchOptions } from "../options.ts";
import type { Result } from "./result.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Writes everything that was measured to bench/results/, with what it was measured on: the machine's kind, never its
 * name or folders.
 *
 * @returns the file, from the root of the checkout
 */
export async function writeResults(options: BenchOptions, results: readonly Result[]): Promise<string> {
  const date = new Date().toISOString();
  const commit = git("rev-parse", "--short=10", "HEAD") ?? "unknown";
  const { scaleText, scale, seed, rounds, factor = null } = options;
  const content = {
    date,
    commit,
    // Of what is measured: results of an earlier run beside it change nothing.
    uncommittedChanges:
      git("status", "--porcelain", "--", "src", "migrations", "bench/*.ts", "package.json") !== "",
    machine: {
      cpu: cpus()[0]?.model ?? "unknown",
      cores: cpus().length,
      memoryBytes: totalmem(),
      platform: `${process.platform} ${process.arch}`,
    },
    versions: {
      "otc-etl": packageJson.version,
      node: process.versions.node,
      v8: process.versions.v8,
      pg: packageJson.dependencies.pg,
      "pg-copy-streams": packageJson.dependencies["pg-copy-streams"],
      pglite: packageJson.dependencies["@electric-sql/pglite"],
    },
    options: { scale: scaleText, records: scale, seed, rounds, factor },
    results,
  };
  const name = `${date.slice(0, 19).replaceAll(":", "")}-${commit}.json`;
  await mkdir(join(ROOT, "bench/results"), { recursive: true });
  await writeFile(join(ROOT, "bench/results", name), `${JSON.stringify(content, null, 2)}\n`);
  return `bench/results/${name}`;
}

/** Undefined where there is no git, or no checkout. */
function git(...args: readonly string[]): string | undefined {
  try {
    return execFileSync("git", args, {
      cwd: ROOT,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return undefined;
  }
}

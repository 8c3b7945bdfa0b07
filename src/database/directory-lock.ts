import { createHash, randomUUID } from "node:crypto";
import { readFile, link, rename, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { OtcError } from "../errors/otc-error.ts";

/** The lock of a directory, which excludes other processes until it is released. */
export interface DirectoryLock {
  release(): Promise<void>;
}

/** The process that holds a directory, and the lock file's content. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  /** ISO 8601. */
  readonly since: string;
  /** The kernel's start time of the process, which distinguishes it from a later process with the same pid. */
  readonly processStart: string | null;
}

const LOCK_FILE = "lock";

/**
 * Locks the directory for this process. The lock of a dead process is replaced.
 *
 * @throws OtcError `locked`, with the holder's pid, when a living process holds it
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const path = join(directory, LOCK_FILE);
  const holder: Holder = {
    pid: process.pid,
    host: hostname(),
    since: new Date().toISOString(),
    processStart: await processStart(process.pid),
  };
  const other = await takeFile(path, JSON.stringify(holder));
  if (other !== undefined) throw heldBy(directory, other);
  return {
    release: async () => {
      await rm(path, { force: true });
    },
  };
}

/** Writes `content` to `path`, unless a living process holds the lock. Then it returns that process. */
async function takeFile(path: string, content: string): Promise<Holder | undefined> {
  const own = `${path}.${randomUUID()}`;
  await writeFile(own, content, { mode: 0o600 });
  try {
    // Creating a hard link is atomic: it appears with its whole content, or fails because another lock exists.
    while (!(await tryLink(own, path))) {
      const found = await readIfThere(path);
      if (found === undefined) continue;
      const other = holderIn(found);
      if (other !== undefined && (await isAlive(other))) return other;

      // The lock is stale. A process replaces it while it holds a guard file that is named after the stale lock and
      // taken in the same way. Of several processes, only one replaces the lock, and a later one finds the new lock.
      const guard = `${path}.${createHash("sha256").update(found).digest("hex").slice(0, 16)}`;
      const ahead = await takeFile(guard, content);
      if (ahead !== undefined) return ahead;
      try {
        if ((await readIfThere(path)) === found) {
          await rename(own, path);
          return undefined;
        }
      } finally {
        await rm(guard, { force: true });
      }
    }
    return undefined;
  } finally {
    await rm(own, { force: true });
  }
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Undefined for a file that is not a lock, such as a crash of the machine may leave. It then names no holder. */
function holderIn(content: string): Holder | undefined {
  try {
    const holder = JSON.parse(content) as Partial<Holder> | null;
    return typeof holder?.pid === "number" && typeof holder.host === "string"
      ? (holder as Holder)
      : undefined;
  } catch {
    return undefined;
  }
}

async function isAlive(holder: Holder): Promise<boolean> {
  // Processes of another machine (a shared directory) cannot be checked, so that they count as alive.
  if (holder.host !== hostname()) return true;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
  return holder.processStart === (await processStart(holder.pid));
}

/** The start time in Linux's /proc/<pid>/stat (field 22, after the name in parentheses); null on other systems. */
async function processStart(pid: number): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function heldBy(directory: string, holder: Holder): OtcError {
  return new OtcError(
    "locked",
    `The embedded database in ${directory} is in use by process ${holder.pid} on ${holder.host} since ${holder.since}.`,
    {
      remedy:
        "Only one process at a time can open it. Wait until that process has ended, or use a PostgreSQL server.",
    },
  );
}

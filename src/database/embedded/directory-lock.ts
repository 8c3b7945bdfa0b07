import { closeSync, openSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { OtcError } from "../../errors/otc-error.ts";
import { errorMessage } from "../../errors/error-message.ts";

/** The lock of a directory, which excludes other processes until it is released, or its process ends. */
export interface DirectoryLock {
  release(): Promise<void>;
}

/** The process that holds a directory. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  /** ISO 8601. */
  readonly since: string;
}

/** The file that is locked. It stays empty and is never removed: a process that opens it must find the locked one. */
const LOCK_FILE = "lock.db";

/** The file that names the holder, for messages. Whether it exists and what it says decides nothing. */
const HOLDER_FILE = "lock";

/** All locks that this process holds. An unreachable one would be collected, which unlocks its file. */
const held = new Set<DatabaseSync>();

/** SQLITE_BUSY: another process has the file locked. */
const BUSY = 5;

/** Processes that lock at the same moment can prevent each other. Each one then tries again, for half a second in all. */
const TRIES = 10;
const MAX_PAUSE_MS = 100;

/**
 * Locks the directory for this process. The kernel holds the lock (`fcntl`, on Windows `LockFileEx`): it applies to every
 * process of the machine, also in other containers, and ends with this process in whatever way that ends.
 *
 * @throws OtcError `locked`, with the holder, when another process holds it; `configuration` when the file cannot be locked
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const path = join(directory, LOCK_FILE);
  createFile(path);
  const lock = await lockFile(path, directory);
  held.add(lock);
  const holderFile = join(directory, HOLDER_FILE);
  const holder: Holder = { pid: process.pid, host: hostname(), since: new Date().toISOString() };
  // It only serves messages of other processes. On a full disk, the database itself reports that.
  await writeFile(holderFile, JSON.stringify(holder), { mode: 0o600 }).catch(() => undefined);
  return {
    release: async () => {
      await rm(holderFile, { force: true });
      if (held.delete(lock)) lock.close();
    },
  };
}

/**
 * Creates the file, readable by its owner only. It must not be opened where it exists, and be closed at once: the kernel
 * ends all locks of a process on a file when the process closes any descriptor of it.
 */
function createFile(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
}

async function lockFile(path: string, directory: string): Promise<DatabaseSync> {
  for (let tries = 1; ; tries += 1) {
    const { lock, error } = tryLock(path);
    if (lock !== undefined) return lock;
    if (!isBusy(error)) throw notLockable(path, error);
    if (tries === TRIES) throw heldBy(directory, await readHolder(join(directory, HOLDER_FILE)));
    await sleep(Math.random() * MAX_PAUSE_MS);
  }
}

/** An exclusive transaction of SQLite on an empty file is a lock of the file, on every platform. Nothing is ever written. */
function tryLock(path: string): { readonly lock?: DatabaseSync; readonly error?: unknown } {
  let lock: DatabaseSync | undefined;
  try {
    lock = new (sqlite())(path);
    // Otherwise, an empty journal would appear beside the file.
    lock.exec("pragma journal_mode = memory");
    lock.exec("begin exclusive");
    return { lock };
  } catch (error) {
    if (lock?.isOpen === true) lock.close();
    return { error };
  }
}

/** SQLite of Node itself. Node 22 warns that it is experimental, on standard error. */
function sqlite(): typeof DatabaseSync {
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = () => undefined;
  try {
    return process.getBuiltinModule("node:sqlite").DatabaseSync;
  } finally {
    process.emitWarning = emitWarning;
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === BUSY;
}

/** Undefined when the holder is just writing it, or could not. */
async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    const holder = JSON.parse(await readFile(path, "utf8")) as Partial<Holder> | null;
    return typeof holder?.pid === "number" ? (holder as Holder) : undefined;
  } catch {
    return undefined;
  }
}

function notLockable(path: string, error: unknown): OtcError {
  return new OtcError("configuration", `The file ${path} cannot be locked: ${errorMessage(error)}.`, {
    remedy:
      "Put OTC_DATA_DIR on a file system of this machine that supports locks, or use a PostgreSQL server.",
    cause: error,
  });
}

function heldBy(directory: string, holder: Holder | undefined): OtcError {
  const who =
    holder === undefined
      ? "another process"
      : `process ${holder.pid} on ${holder.host} since ${holder.since}`;
  return new OtcError("locked", `The embedded database in ${directory} is in use by ${who}.`, {
    remedy:
      "Only one process at a time can open it. Wait until that process has ended, or use a PostgreSQL server.",
  });
}

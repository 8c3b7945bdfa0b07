import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  appendFileSync,
  chownSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { type Guardian, guardianOf } from "./guardian.ts";
import { executablePostgres, type PostgresMajor } from "./postgres-binaries.ts";
import { scratchPlace } from "./scratch-folder.ts";
import { type Account, unprivilegedAccount } from "./unprivileged-account.ts";

/**
 * A real PostgreSQL server of the test run, on loopback, with a data directory of its own in the scratch place.
 *
 * It ends with the process that started it, within a second, however that ends; see `guardianOf`. Should the guardian
 * be killed too, the postmaster and `otc-etl-postgres-*` in the scratch place stay: `kill -QUIT $(head -1
 * <dataDir>/postmaster.pid)` ends the one, `rm -r` the other. Nothing sweeps them up later: a server that this process
 * did not start is never touched.
 */
export interface PostgresServer {
  readonly host: "127.0.0.1";
  readonly port: number;
  /** Superuser `postgres` with its password, database `postgres`. */
  readonly url: string;
  readonly dataDir: string;
  /**
   * "fast" ends the sessions and writes a checkpoint; "immediate" is a crash, the next start recovers from WAL. What was
   * committed in the last half second is lost in a crash unless its session had `synchronous_commit = on`. "killed" ends
   * all its processes by SIGKILL, so that none of them can say or write anything.
   */
  stop(mode?: StopMode): Promise<void>;
  /** Starts it again after `stop`: same port, same data. */
  start(): Promise<void>;
  /** Stops it and removes its data. Left out, the end of the process does both. */
  destroy(): Promise<void>;
}

type StopMode = "fast" | "immediate" | "killed";

/** The programs of a server. */
interface Programs {
  /** For folders and messages. */
  readonly name: string;
  /** The folder with `postgres` and `initdb`. */
  readonly bin: string;
  readonly initdbOptions?: readonly string[];
}

const HOST = "127.0.0.1";

/** Fast, not durable: what a test loses in a power cut is worth nothing. */
const SETTINGS = `
listen_addresses = '${HOST}'
unix_socket_directories = ''
max_connections = 60
shared_buffers = '128MB'
max_prepared_transactions = 0
fsync = off
synchronous_commit = off
full_page_writes = off
max_wal_size = '256MB'
`;

/** A start takes 0.2 s here, a crash recovery a few; a loaded machine gets a hundred times that before we call it dead. */
const START_TIMEOUT_MS = 30_000;

/** After this a fast stop becomes an immediate one: a backend that does not react would hang the test run. */
const FAST_STOP_TIMEOUT_MS = 15_000;

/** Between asking for a free port and binding it another process can take it. */
const PORT_ATTEMPTS = 5;

/** @param settings of postgresql.conf; they win over the fast and not durable ones of a test */
export function startPostgres(
  major: PostgresMajor,
  settings: Readonly<Record<string, string>> = {},
): Promise<PostgresServer> {
  const native = executablePostgres(major, unprivilegedAccount());
  // Tests connect a thousand times. Version 15 has no such setting.
  const initdbOptions = major < 18 ? [] : ["--set=scram_iterations=1"];
  return startServer({ name: String(major), bin: join(native, "bin"), initdbOptions }, settings);
}

/**
 * Starts a server of any installation that the unprivileged account can execute.
 *
 * @param settings as for `startPostgres`
 * @param password of the superuser
 */
export async function startServer(
  { name, bin, initdbOptions = [] }: Programs,
  settings: Readonly<Record<string, string>>,
  password = randomBytes(18).toString("hex"),
): Promise<PostgresServer> {
  const account = unprivilegedAccount();
  const folder = mkdtempSync(join(scratchPlace(), `otc-etl-postgres-${name}-`));
  const dataDir = join(folder, "data");
  const logFile = join(dataDir, "server.log");

  let postmaster: ChildProcess | undefined;
  const guardian = guardianOf(folder);

  async function stop(mode: StopMode = "fast"): Promise<void> {
    const child = postmaster;
    if (child === undefined) return;
    const exited = exitOf(child);
    child.ref();
    if (mode === "killed") {
      // A process that notices that the postmaster has died ends its transaction in order, as it would not when the machine
      // fails. PostgreSQL up to 18 does not start after that if the transaction had created an unlogged table.
      child.kill("SIGSTOP");
      for (const pid of processesOf(child.pid)) killIfThere(pid);
      child.kill("SIGKILL");
      await exited;
      return;
    }
    child.kill(mode === "fast" ? "SIGINT" : "SIGQUIT");
    const escalation = setTimeout(() => child.kill("SIGQUIT"), FAST_STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(escalation);
  }

  async function launch(port: number): Promise<void> {
    if (postmaster !== undefined) throw new Error(`PostgreSQL ${name} on port ${port} is already running`);
    const log = openSync(logFile, "a", 0o600);
    // Detached, so that Ctrl-C in a terminal reaches the test runner alone, which then ends its servers in order.
    const child = spawn(join(bin, "postgres"), ["-D", dataDir, "-p", String(port)], {
      ...account,
      cwd: dataDir,
      env: {},
      detached: true,
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    await once(child, "spawn");
    postmaster = child;
    guardian.watch(child.pid);
    child.once("exit", () => {
      postmaster = undefined;
      guardian.watch(undefined);
    });
    try {
      await readiness(child, dataDir, logFile);
    } catch (error) {
      await stop("immediate").catch(() => undefined);
      throw error;
    }
    child.unref();
  }

  async function destroy(): Promise<void> {
    await stop();
    await guardian.release();
  }

  try {
    if (account !== undefined) chownSync(folder, account.uid, account.gid);
    await initialise({ bin, initdbOptions, folder, dataDir, password, account, guardian, settings });
    const port = await launchOnFreePort(launch);
    return {
      host: HOST,
      port,
      url: `postgres://postgres:${password}@${HOST}:${port}/postgres`,
      dataDir,
      stop,
      start: () => launch(port),
      destroy,
    };
  } catch (error) {
    await destroy();
    throw error;
  }
}

/** A server that loses nothing that was committed when it crashes, as in production. */
export async function startDurablePostgres(major: PostgresMajor): Promise<PostgresServer> {
  const server = await startPostgres(major);
  await server.stop();
  appendFileSync(join(server.dataDir, "postgresql.conf"), "synchronous_commit = on\n");
  await server.start();
  return server;
}

interface NewCluster {
  readonly bin: string;
  readonly initdbOptions: readonly string[];
  readonly folder: string;
  readonly dataDir: string;
  readonly password: string;
  readonly account: Account | undefined;
  readonly guardian: Guardian;
  readonly settings: Readonly<Record<string, string>>;
}

async function initialise(cluster: NewCluster): Promise<void> {
  const { folder, dataDir, password, account, settings } = cluster;
  mkdirSync(dataDir, { mode: 0o700 });
  const passwordFile = join(folder, "password");
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (account !== undefined) {
    chownSync(dataDir, account.uid, account.gid);
    chownSync(passwordFile, account.uid, account.gid);
  }
  let complaints = await initdb(cluster, passwordFile, "C.UTF-8");
  // Not on every system; C sorts the same, it only knows no upper and lower case beyond ASCII.
  if (complaints?.includes("invalid locale")) complaints = await initdb(cluster, passwordFile, "C");
  if (complaints !== undefined) throw new Error(`initdb of ${cluster.bin} failed: ${complaints}`);
  rmSync(passwordFile);
  const further = Object.entries(settings).map(([name, value]) => `${name} = '${value}'\n`);
  appendFileSync(join(dataDir, "postgresql.conf"), SETTINGS + further.join(""));
}

/** What initdb complained of when it failed, and then it has emptied the data directory again. */
async function initdb(
  cluster: NewCluster,
  passwordFile: string,
  locale: string,
): Promise<string | undefined> {
  const child = spawn(
    join(cluster.bin, "initdb"),
    [
      `--pgdata=${cluster.dataDir}`,
      "--username=postgres",
      `--pwfile=${passwordFile}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      `--locale=${locale}`,
      "--no-sync",
      ...cluster.initdbOptions,
    ],
    { ...cluster.account, cwd: cluster.folder, env: {}, stdio: ["ignore", "ignore", "pipe"] },
  );
  cluster.guardian.watch(child.pid);
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
  const [code] = (await once(child, "close")) as [number | null];
  cluster.guardian.watch(undefined);
  return code === 0 ? undefined : complaints.trim();
}

async function launchOnFreePort(launch: (port: number) => Promise<void>): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    try {
      await launch(port);
      return port;
    } catch (error) {
      const taken = error instanceof Error && error.message.includes("Address already in use");
      if (!taken || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, HOST);
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("the loopback probe has no port");
  return address.port;
}

/** Resolves when the server accepts connections. The eighth line of postmaster.pid says so; pg_ctl reads it there too. */
async function readiness(child: ChildProcess, dataDir: string, logFile: string): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    if (hasExited(child))
      throw new Error(`PostgreSQL did not start:\n${readFileSync(logFile, "utf8").slice(-2000)}`);
    if (statusLine(dataDir, child.pid) === "ready") return;
    if (Date.now() > deadline) {
      throw new Error(
        `PostgreSQL was not ready after ${START_TIMEOUT_MS / 1000} s:\n${readFileSync(logFile, "utf8").slice(-2000)}`,
      );
    }
    await sleep(20);
  }
}

/** The processes whose parent is the postmaster. */
function processesOf(postmaster: number | undefined): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        // The name of the program, in brackets, may contain spaces; the state and the parent come after it.
        const parent = readFileSync(join("/proc", name, "stat"), "utf8")
          .split(") ")
          .at(-1)
          ?.split(" ")[1];
        return Number(parent) === postmaster;
      } catch {
        return false;
      }
    })
    .map(Number);
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It had ended by itself.
  }
}

function statusLine(dataDir: string, pid: number | undefined): string | undefined {
  try {
    const lines = readFileSync(join(dataDir, "postmaster.pid"), "utf8").split("\n");
    // After a crash the file of the dead postmaster lies there until the new one writes its own.
    return Number(lines[0]) === pid ? lines[7]?.trim() : undefined;
  } catch {
    return undefined;
  }
}

function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function exitOf(child: ChildProcess): Promise<void> {
  if (!hasExited(child)) await once(child, "exit");
}

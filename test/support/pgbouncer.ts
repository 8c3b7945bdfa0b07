import { spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { guardianOf } from "./guardian.ts";
import { freePort } from "./postgres-server.ts";
import { unprivilegedAccount } from "./unprivileged-account.ts";

/** Where Debian's package puts it. */
const PGBOUNCER = "/usr/sbin/pgbouncer";

const START_TIMEOUT_MS = 10_000;

/** Whether it is installed; says so on stderr when it is not. */
export function pgbouncerInstalled(): boolean {
  if (existsSync(PGBOUNCER)) return true;
  process.stderr.write(
    `\n!!! pgbouncer is NOT tested: there is no ${PGBOUNCER} (apt-get install pgbouncer)\n\n`,
  );
  return false;
}

/** A real pgbouncer in transaction mode in front of a server, with as many connections to it as `poolSize`. */
export async function startPgbouncer(
  serverUrl: string,
  poolSize: number,
): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const server = new URL(serverUrl);
  const account = unprivilegedAccount();
  const folder = mkdtempSync(join(tmpdir(), "otc-etl-pgbouncer-"));
  const guardian = guardianOf(folder);
  const port = await freePort();
  const users = join(folder, "users.txt");
  const config = join(folder, "pgbouncer.ini");
  writeFileSync(users, `"${server.username}" "${server.password}"\n`, { mode: 0o600 });
  writeFileSync(
    config,
    `[databases]
* = host=${server.hostname} port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = plain
auth_file = ${users}
pool_mode = transaction
default_pool_size = ${poolSize}
`,
    { mode: 0o600 },
  );
  if (account !== undefined)
    for (const path of [folder, users, config]) chownSync(path, account.uid, account.gid);

  const child = spawn(PGBOUNCER, [config], {
    ...account,
    cwd: folder,
    env: {},
    stdio: ["ignore", "ignore", "pipe"],
  });
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
  guardian.watch(child.pid);
  const exited = once(child, "exit");
  const stop = async (): Promise<void> => {
    // The immediate shutdown.
    child.kill("SIGTERM");
    await exited;
    guardian.watch(undefined);
    await guardian.release();
  };
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await listens(port))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`pgbouncer did not start:\n${complaints}`);
    }
    await sleep(20);
  }
  return { port, stop };
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

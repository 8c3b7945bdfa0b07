import { spawn } from "node:child_process";
import { once } from "node:events";
import { Socket } from "node:net";

/** Cleans up after this process, however it ends. */
export interface Guardian {
  /** The process that shall not outlive ours, undefined for none (any more). */
  watch(pid: number | undefined): void;
  /** The work is done: nothing runs, the folder may go. */
  release(): Promise<void>;
}

/**
 * The last line read is the process to end. End of file means that our end of the pipe is closed, by `release` or by the
 * kernel when we died. SIGQUIT is PostgreSQL's immediate shutdown; six seconds are more than it gives its own backends.
 * A container whose first process reaps no orphans keeps what has ended as a zombie, which kill -0 takes for alive.
 */
const SCRIPT = `
running() { kill -0 "$pid" && ! grep -q '^State:.Z' "/proc/$pid/status"; }
while read -r line; do pid=$line; done
if [ -n "$pid" ] && kill -QUIT "$pid"; then
  tries=60
  while [ "$tries" -gt 0 ] && running; do sleep 0.1; tries=$((tries - 1)); done
fi
rm -rf -- "$0"
`;

/**
 * Ends one process of ours and removes `folder` when this process ends. A shell at the other end of a pipe does it, not
 * an exit handler, because test workers die of `kill -9` when their run is interrupted, and no handler sees that. Only
 * a `kill -9` of the shell as well leaves something behind.
 */
export function guardianOf(folder: string): Guardian {
  // Detached: Ctrl-C signals the whole group of the terminal, and this one has to survive it.
  const shell = spawn("/bin/sh", ["-c", SCRIPT, folder], {
    cwd: "/",
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  const pipe = shell.stdin;
  // Somebody killed the shell: nothing to do for a server that is running well.
  pipe.on("error", () => undefined);
  if (pipe instanceof Socket) pipe.unref();
  shell.unref();
  return {
    watch(pid) {
      pipe.write(`${pid ?? ""}\n`);
    },
    async release() {
      if (shell.exitCode !== null || shell.signalCode !== null) return;
      shell.ref();
      const exited = once(shell, "exit");
      pipe.end("\n");
      await exited;
    },
  };
}

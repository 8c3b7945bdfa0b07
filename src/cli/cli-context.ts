import type { Readable } from "node:stream";
import type { WriteStream } from "node:tty";
import type { Environment } from "../config/read-settings.ts";
import type { TracingSettings } from "../config/tracing-settings.ts";

/** The process that a command runs in, as far as the command uses it. */
export interface CliContext {
  /** The environment of the process and, beneath it, the file `.env`. */
  readonly env: Environment;
  /** The names of the variables that come from `.env`. */
  readonly fromDotEnv: ReadonlySet<string>;
  readonly tracing: TracingSettings | undefined;
  readonly stdin: Readable;
  /** Data goes here. */
  readonly stdout: WriteStream;
  /** Logs, progress and errors go here. */
  readonly stderr: WriteStream;
  /** Aborted by SIGINT and SIGTERM. Five seconds later, the process ends. */
  readonly signal: AbortSignal;
  /** Lets the process end five seconds after the abort of this signal instead. */
  readonly endAfter: (signal: AbortSignal) => void;
}

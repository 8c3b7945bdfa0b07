import { Writable } from "node:stream";
import { type Logger, pino } from "pino";
import pretty from "pino-pretty";
import type { CliContext } from "./cli-context.ts";
import type { GlobalOptions } from "./global-options.ts";
import type { ProgressLine } from "./progress-line.ts";
import { useColours } from "./terminal.ts";

/**
 * Logs to stderr: a line for people, or JSON for machines. Values are JSON either way, so that a text from a ticket
 * cannot forge a line.
 */
export function createLogger(
  context: CliContext,
  options: Pick<GlobalOptions, "quiet" | "verbose" | "logFormat">,
  progress: ProgressLine,
): Logger {
  const stderr = new Writable({
    write(chunk: Buffer, _encoding, done) {
      progress.above(() => context.stderr.write(chunk));
      done();
    },
  });
  const settings = {
    level: options.verbose ? "debug" : options.quiet ? "warn" : "info",
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  if (options.logFormat === "json") return pino(settings, stderr);
  return pino(
    settings,
    pretty({
      destination: stderr,
      sync: true,
      singleLine: true,
      colorize: useColours(context.stderr, context.env),
      translateTime: "SYS:HH:MM:ss",
    }),
  );
}

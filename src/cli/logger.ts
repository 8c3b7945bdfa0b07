import { Writable } from "node:stream";
import { type Logger, pino } from "pino";
import { prettyFactory } from "pino-pretty";
import { escapeControlCharacters } from "../errors/escape-control-characters.ts";
import type { CliContext } from "./cli-context.ts";
import type { GlobalOptions } from "./options/global-options.ts";
import { nameFlags } from "./options/name-flags.ts";
import type { ProgressLine } from "./render/progress-line.ts";
import { useColours } from "./terminal.ts";

/** Control characters that neither JSON nor pino-pretty escapes. */
const LEFT_BY_JSON = /[\u007f-\u009f\u2028\u2029]/g;

/**
 * Logs to stderr, as text or as JSON. In a text, a remedy has a line of its own below what went wrong. Values are JSON in both formats and control characters are escaped, so that a text
 * from a ticket cannot forge a log line.
 */
export function createLogger(
  context: Pick<CliContext, "env" | "stderr">,
  options: Pick<GlobalOptions, "quiet" | "verbose" | "logFormat" | "flags">,
  progress: ProgressLine,
): Logger {
  const stderr = new Writable({
    write(chunk: Buffer, _encoding, done) {
      const line = chunk
        .toString("utf8")
        .replaceAll(LEFT_BY_JSON, (character) => escapeControlCharacters(character));
      progress.above(() => context.stderr.write(nameFlags(line, options.flags)));
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
  const format = prettyFactory({
    singleLine: true,
    messageFormat: (entry, key) => escapeControlCharacters(String(entry[key])),
    colorize: useColours(context.stderr, context.env),
    translateTime: "SYS:yyyy-mm-dd'T'HH:MM:sso",
    ignore: "remedy",
  });
  const text = new Writable({
    write(chunk: Buffer, _encoding, done) {
      const entry = JSON.parse(chunk.toString("utf8")) as { readonly remedy?: unknown };
      const remedy = typeof entry.remedy === "string" ? `  → ${escapeControlCharacters(entry.remedy)}\n` : "";
      stderr.write(`${format(entry)}${remedy}`, done);
    },
  });
  return pino(settings, text);
}

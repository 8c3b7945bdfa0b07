import type { Ora } from "ora";
import type { LoadProgress } from "../../load/load-context.ts";
import type { CliContext } from "../cli-context.ts";
import { formatMegabytes, formatNumberOf } from "../../format/format.ts";
import type { GlobalOptions } from "../options/global-options.ts";

/** How often the line on a terminal is updated, in milliseconds. */
const TERMINAL_INTERVAL_MS = 100;

/** How often a line is logged, in milliseconds. */
const LOG_INTERVAL_MS = 10_000;

const STEPS: Readonly<Record<LoadProgress["step"], string>> = {
  open: "opening the file",
  fetch: "waiting for OTC",
  stage: "loading",
  classify: "comparing",
  apply: "writing",
  commit: "committing",
};

/** Shows the progress of a load: a line that is updated in place on a terminal, or a line every ten seconds in a log. */
export interface ProgressLine {
  show(progress: LoadProgress): void;
  /** Runs `write`, whose output appears above the line. */
  above(write: () => void): void;
  stop(): void;
}

/** @param log writes a log line when there is no terminal */
export async function createProgressLine(
  context: CliContext,
  options: Pick<GlobalOptions, "quiet" | "logFormat">,
  log: (text: string, progress: LoadProgress) => void,
): Promise<ProgressLine> {
  if (options.quiet)
    return {
      show: () => undefined,
      above: (write) => {
        write();
      },
      stop: () => undefined,
    };
  const onTerminal = context.stderr.isTTY && options.logFormat === "text";
  // Its import takes a tenth of the start of a nightly load, and only a terminal needs it.
  const ora = onTerminal ? (await import("ora")).default : undefined;
  const interval = onTerminal ? TERMINAL_INTERVAL_MS : LOG_INTERVAL_MS;
  let spinner: Ora | undefined;
  let view = "";
  let startedAt = 0;
  let shownAt = 0;

  return {
    show(progress) {
      const now = performance.now();
      if (progress.view !== view || progress.step === "fetch") {
        view = progress.view;
        startedAt = now;
        shownAt = onTerminal ? 0 : now;
      }
      if (now - shownAt < interval) return;
      shownAt = now;
      const text = describeProgress(progress, now - startedAt);
      if (ora === undefined) {
        log(text, progress);
        return;
      }
      spinner ??= ora({ stream: context.stderr, discardStdin: false });
      spinner.text = text;
      if (spinner.isSpinning) spinner.render();
      else spinner.start();
    },
    above(write) {
      if (spinner?.isSpinning !== true) {
        write();
        return;
      }
      spinner.clear();
      write();
      spinner.render();
    },
    stop() {
      spinner?.stop();
      spinner = undefined;
    },
  };
}

/** `tickets: loading, 123,456 records, 84.2 MB, 28.1 MB/s`, and for a file the percentage that was read. */
function describeProgress({ view, step, records, bytes, share }: LoadProgress, elapsedMs: number): string {
  const reading = step === "open" || step === "stage";
  const part = reading && share !== undefined ? `, ${Math.floor(share * 100)}%` : "";
  if (records === 0) return `${view}: ${STEPS[step]}${part}`;
  const rate = step === "stage" && elapsedMs > 0 ? `, ${formatMegabytes((bytes / elapsedMs) * 1000)}/s` : "";
  return `${view}: ${STEPS[step]}, ${formatNumberOf(records, "record")}, ${formatMegabytes(bytes)}${rate}${part}`;
}

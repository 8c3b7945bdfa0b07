import type { Command } from "commander";
import { exitCodeOf, OtcError } from "../errors/otc-error.ts";
import type { PlanOutcome } from "../load/outcome.ts";
import { chosenViews } from "./chosen-views.ts";
import type { CliContext } from "./cli-context.ts";
import type { PlanFlags } from "./commands/plan.ts";
import { readDocumentOptions } from "./document-options.ts";
import { failureExitCode } from "./failure-exit-code.ts";
import { outcomeJson } from "./outcome-json.ts";
import { renderPlan } from "./render-plan.ts";
import { withSession } from "./session.ts";

/** A load would write something, put something in quarantine, or be stopped by a guard. */
const EXIT_CHANGES = 4;

/** @returns the exit code */
export function runPlan(
  view: string,
  flags: PlanFlags,
  command: Command,
  context: CliContext,
): Promise<number> {
  const samples = parseSamples(flags.samples);
  return withSession(command, context, async ({ loader, options, progress }) => {
    const views = await chosenViews(view);
    const outcomes = await loader.plan({
      ...readDocumentOptions(flags, context),
      views,
      samples,
      signal: context.signal,
      onProgress: (state) => {
        progress.show(state);
      },
      onOutcome: (outcome) => {
        progress.stop();
        if (flags.json) context.stdout.write(`${outcomeJson(outcome)}\n`);
      },
    });
    if (!flags.json && !options.quiet) context.stdout.write(renderPlan(outcomes));
    // Interrupted between two views, the rest was not even begun.
    return outcomes.length < views.length ? exitCodeOf(context.signal.reason) : exitCode(outcomes);
  });
}

/** The worst outcome tells: a failure, then something to do. */
function exitCode(outcomes: readonly PlanOutcome[]): number {
  return failureExitCode(outcomes) ?? (outcomes.some(hasWork) ? EXIT_CHANGES : 0);
}

function hasWork(outcome: PlanOutcome): boolean {
  if (outcome.status === "failed") return false;
  return outcome.inserted + outcome.updated + outcome.errors + outcome.guards.length > 0;
}

function parseSamples(text: string): number {
  if (/^\d{1,4}$/.test(text)) return Number(text);
  throw new OtcError("usage", `--samples is "${text}".`, { remedy: "Give a number from 0 to 9999." });
}

import type { Command } from "commander";
import { migrate } from "../database/migrations.ts";
import { exitCodeOf } from "../errors/otc-error.ts";
import type { LoadOutcome } from "../load/outcome.ts";
import { chosenViews } from "./chosen-views.ts";
import type { CliContext } from "./cli-context.ts";
import type { LoadFlags } from "./commands/load.ts";
import { documentChoices } from "./document-choices.ts";
import { failureExitCode } from "./failure-exit-code.ts";
import { outcomeJson } from "./outcome-json.ts";
import { renderOutcomes } from "./render-outcomes.ts";
import { withSession } from "./session.ts";

/** Committed, but some records are in quarantine. */
const EXIT_PARTIAL = 3;

/** @returns the exit code */
export function runLoad(
  view: string,
  flags: LoadFlags,
  command: Command,
  context: CliContext,
): Promise<number> {
  return withSession(command, context, async ({ loader, log, options, progress }) => {
    const views = await chosenViews(view);
    if (flags.migrate) {
      await migrate(await loader.database(), ({ version, name }) => {
        log.info({ version, migration: name }, "migration applied");
      });
    }
    const outcomes = await loader.load({
      ...documentChoices(flags, context),
      views,
      atomic: flags.atomic,
      signal: context.signal,
      onProgress: (state) => {
        progress.show(state);
      },
      onOutcome: (outcome) => {
        progress.stop();
        if (flags.json) context.stdout.write(`${outcomeJson(outcome)}\n`);
      },
    });
    if (!flags.json && !options.quiet) context.stdout.write(renderOutcomes(outcomes));
    // Interrupted between two views, the rest was not even begun.
    return outcomes.length < views.length ? exitCodeOf(context.signal.reason) : exitCode(outcomes);
  });
}

/** The worst outcome tells: a failure, then records in quarantine. */
function exitCode(outcomes: readonly LoadOutcome[]): number {
  const partial = outcomes.some((outcome) => outcome.status === "partial") ? EXIT_PARTIAL : 0;
  return failureExitCode(outcomes) ?? partial;
}

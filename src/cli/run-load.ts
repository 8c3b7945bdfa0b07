import type { Command } from "commander";
import { migrate } from "../database/migrations.ts";
import { exitCodeOf, OtcError } from "../errors/otc-error.ts";
import type { LoadOutcome } from "../load/outcome.ts";
import { viewCatalog, viewNamed } from "../views/catalog.ts";
import type { View } from "../views/view.ts";
import type { CliContext } from "./cli-context.ts";
import type { LoadFlags } from "./commands/load.ts";
import { formatCount, formatSeconds } from "./format.ts";
import { readLoadOptions } from "./load-options.ts";
import { withSession } from "./session.ts";
import { renderTable } from "./table.ts";

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
      views,
      atomic: flags.atomic,
      ...readLoadOptions(flags),
      ignoreCircuit: flags.ignoreCircuit,
      ...(flags.from === undefined ? {} : { file: { path: flags.from, stdin: context.stdin } }),
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
    return outcomes.length < views.length ? exitCodeOf(context.signal.reason) : exitCodeOfOutcomes(outcomes);
  });
}

async function chosenViews(name: string): Promise<readonly View[]> {
  const catalog = await viewCatalog();
  return name === "all" ? catalog : [viewNamed(catalog, name)];
}

/** One view's outcome as the contract names its keys, and more. */
export function outcomeJson(outcome: LoadOutcome): string {
  if (outcome.status === "failed") {
    const { error, ...rest } = outcome;
    return JSON.stringify({
      ...rest,
      error: error.message,
      ...(error instanceof OtcError ? { errorCode: error.code, remedy: error.remedy } : {}),
    });
  }
  const { drift, ...rest } = outcome;
  return JSON.stringify({
    ...rest,
    unknownFields: Object.fromEntries(drift.unknownFields),
    absentFields: drift.absentFields,
  });
}

/** The outcomes as a table. */
export function renderOutcomes(outcomes: readonly LoadOutcome[]): string {
  const right = (title: string) => ({ title, align: "right" as const });
  return renderTable(
    [
      { title: "view" },
      { title: "status" },
      right("run"),
      right("fetched"),
      right("inserted"),
      right("updated"),
      right("skipped"),
      right("errors"),
      right("seconds"),
    ],
    outcomes.map((outcome) => [
      outcome.view,
      outcome.status,
      outcome.runId === null ? "-" : String(outcome.runId),
      ...[outcome.fetched, outcome.inserted, outcome.updated, outcome.skipped, outcome.errors].map(
        formatCount,
      ),
      formatSeconds(outcome.durationMs),
    ]),
  );
}

/** The worst outcome tells: a failure that waiting cannot mend, then one that it can, then records in quarantine. */
export function exitCodeOfOutcomes(outcomes: readonly LoadOutcome[]): number {
  const failures = outcomes.flatMap((outcome) =>
    outcome.status === "failed" ? [exitCodeOf(outcome.error)] : [],
  );
  const final = failures.find((code) => code !== exitCodeOf(new OtcError("locked", "")));
  const partial = outcomes.some((outcome) => outcome.status === "partial") ? EXIT_PARTIAL : 0;
  return final ?? failures[0] ?? partial;
}

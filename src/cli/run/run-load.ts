import type { Command } from "commander";
import { exitCodeOf } from "../../errors/otc-error.ts";
import { loadDocuments } from "../../loader/load-documents.ts";
import { migrate } from "../../loader/migrate.ts";
import type { LoadRequest } from "../../loader/load-request.ts";
import type { LoadOutcome } from "../../runs/outcome.ts";
import { chosenViews } from "../options/chosen-views.ts";
import type { CliContext } from "../cli-context.ts";
import { readDocumentOptions } from "../options/document-options.ts";
import { failureExitCode } from "../failure-exit-code.ts";
import { renderOutcomes } from "../render/render-outcomes.ts";
import { reporting } from "../render/reporting.ts";
import { type Session, withSession } from "../session.ts";
import type { DocumentFlags } from "../options/document-options.ts";

export interface LoadFlags extends DocumentFlags {
  readonly atomic: boolean;
  readonly full: boolean;
  readonly migrate: boolean;
}

/** The load was committed, but records were rejected. */
const EXIT_PARTIAL = 3;

/** @returns the exit code */
export function runLoad(
  views: readonly string[],
  flags: LoadFlags,
  command: Command,
  context: CliContext,
): Promise<number> {
  return withSession(command, context, async (session) =>
    loadAndReport(session, context, flags, {
      ...readDocumentOptions(flags, context),
      views: await chosenViews(views),
      atomic: flags.atomic,
      full: flags.full,
    }),
  );
}

/** Loads as requested, and reports progress and outcomes. @returns the exit code */
export async function loadAndReport(
  session: Session,
  context: CliContext,
  flags: { readonly migrate: boolean; readonly json: boolean },
  request: Omit<LoadRequest, "signal" | "onProgress" | "onOutcome">,
): Promise<number> {
  const { loader, options, layout } = session;
  if (flags.migrate) await migrate(loader, context.signal);
  const outcomes = await loadDocuments(loader, {
    ...request,
    ...reporting(session, context, flags),
  });
  if (!flags.json && !options.quiet) context.stdout.write(renderOutcomes(outcomes, layout));
  // An interruption between two views leaves no outcome for the later ones.
  return outcomes.length < request.views.length
    ? exitCodeOf(context.signal.reason)
    : exitCodeOfOutcomes(outcomes);
}

/** The exit code of the worst outcome: a failure, then rejected records. */
export function exitCodeOfOutcomes(outcomes: readonly LoadOutcome[]): number {
  const partial = outcomes.some((outcome) => outcome.status === "partial") ? EXIT_PARTIAL : 0;
  return failureExitCode(outcomes) ?? partial;
}

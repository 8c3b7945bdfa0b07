import type { Command } from "commander";
import { exitCodeOf, OtcError } from "../../errors/otc-error.ts";
import { planDocuments } from "../../loader/plan-documents.ts";
import type { PlanRequest } from "../../loader/load-request.ts";
import type { PlanOutcome } from "../../load/plan/plan-outcome.ts";
import { chosenViews } from "../options/chosen-views.ts";
import type { CliContext } from "../cli-context.ts";
import { readDocumentOptions } from "../options/document-options.ts";
import { failureExitCode } from "../failure-exit-code.ts";
import { renderPlan } from "../render/render-plan.ts";
import { reporting } from "../render/reporting.ts";
import { type Session, withSession } from "../session.ts";
import type { DocumentFlags } from "../options/document-options.ts";

export interface PlanFlags extends DocumentFlags {
  readonly samples: string;
}

/** A load would write rows, reject records, or be failed by a guard. */
const EXIT_CHANGES = 4;

/** @returns the exit code */
export function runPlan(
  views: readonly string[],
  flags: PlanFlags,
  command: Command,
  context: CliContext,
): Promise<number> {
  const samples = parseSamples(flags.samples);
  return withSession(command, context, async (session) =>
    planAndReport(session, context, flags, {
      ...readDocumentOptions(flags, context),
      views: await chosenViews(views),
      samples,
    }),
  );
}

/** Plans as requested, and reports progress and what a load would do. @returns the exit code */
export async function planAndReport(
  session: Session,
  context: CliContext,
  flags: { readonly json: boolean },
  request: Omit<PlanRequest, "signal" | "onProgress" | "onOutcome">,
): Promise<number> {
  const { loader, options, layout } = session;
  const outcomes = await planDocuments(loader, {
    ...request,
    ...reporting(session, context, flags),
  });
  if (!flags.json && !options.quiet)
    context.stdout.write(renderPlan(outcomes, layout, request.kind ?? "load"));
  // An interruption between two views leaves no outcome for the later ones.
  return outcomes.length < request.views.length ? exitCodeOf(context.signal.reason) : exitCode(outcomes);
}

/** The exit code of the worst outcome: a failure, then changes. */
function exitCode(outcomes: readonly PlanOutcome[]): number {
  return failureExitCode(outcomes) ?? (outcomes.some(hasWork) ? EXIT_CHANGES : 0);
}

function hasWork(outcome: PlanOutcome): boolean {
  if (outcome.status === "failed") return false;
  const { inserted, updated, errors, missing, returned, rekeyed, guards } = outcome;
  return inserted + updated + errors + missing + returned + rekeyed + guards.length > 0;
}

/** @throws OtcError `usage` */
export function parseSamples(text: string): number {
  if (/^\d{1,4}$/.test(text)) return Number(text);
  throw new OtcError("usage", `--samples is "${text}".`, { remedy: "Give a number from 0 to 9999." });
}

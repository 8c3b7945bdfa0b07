import type { LoadOutcome } from "../../runs/outcome.ts";
import type { PlanOutcome } from "../../load/plan/plan-outcome.ts";
import { OtcError } from "../../errors/otc-error.ts";
import { shownStatus } from "../../runs/shown-status.ts";
import { formatCount, formatSeconds } from "../../format/format.ts";
import { renderTable } from "./table.ts";

/** The outcomes as a table. What there is of missing rows has columns only if there is something. */
export function renderOutcomes(outcomes: readonly (LoadOutcome | PlanOutcome)[]): string {
  const showsMissing = outcomes.some(({ missing, returned, rekeyed }) => missing + returned + rekeyed > 0);
  const right = (title: string) => ({ title, align: "right" as const });
  const showsLate = outcomes.some(({ late }) => late > 0);
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
      ...(showsMissing ? [right("missing"), right("returned"), right("rekeyed")] : []),
      ...(showsLate ? [right("late")] : []),
      right("seconds"),
    ],
    outcomes.map((outcome) => [
      outcome.view,
      statusOf(outcome),
      outcome.runId === null ? "-" : String(outcome.runId),
      ...[
        ...[outcome.fetched, outcome.inserted, outcome.updated, outcome.skipped, outcome.errors],
        ...(showsMissing ? [outcome.missing, outcome.returned, outcome.rekeyed] : []),
        ...(showsLate ? [outcome.late] : []),
      ].map(formatCount),
      formatSeconds(outcome.durationMs),
    ]),
  );
}

/** A load that was turned away or interrupted is no failure. */
function statusOf(outcome: LoadOutcome | PlanOutcome): string {
  if (outcome.status !== "failed") return outcome.status;
  return shownStatus({
    status: outcome.status,
    errorCode: outcome.error instanceof OtcError ? outcome.error.code : null,
  });
}

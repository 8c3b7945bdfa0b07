import type { LoadOutcome } from "../../runs/outcome.ts";
import type { PlanOutcome } from "../../load/plan/plan-outcome.ts";
import { formatCount, formatSeconds } from "../../format/format.ts";
import { renderTable } from "./table.ts";

/** The outcomes as a table. */
export function renderOutcomes(outcomes: readonly (LoadOutcome | PlanOutcome)[]): string {
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
      ...(showsLate ? [right("late")] : []),
      right("seconds"),
    ],
    outcomes.map((outcome) => [
      outcome.view,
      outcome.status,
      outcome.runId === null ? "-" : String(outcome.runId),
      ...[
        ...[outcome.fetched, outcome.inserted, outcome.updated, outcome.skipped, outcome.errors],
        ...(showsLate ? [outcome.late] : []),
      ].map(formatCount),
      formatSeconds(outcome.durationMs),
    ]),
  );
}

import type { LoadOutcome } from "../../runs/outcome.ts";
import type { PlanOutcome } from "../../load/plan/plan-outcome.ts";
import { OtcError } from "../../errors/otc-error.ts";
import { shownStatus } from "../../runs/health/shown-status.ts";
import { formatSeconds } from "../../format/format.ts";
import type { Layout } from "./layout.ts";
import { type Column, renderTable } from "./table.ts";

type Outcome = LoadOutcome | PlanOutcome;

/** The outcomes of loads as a table. */
export function renderOutcomes(outcomes: readonly LoadOutcome[], layout: Layout): string {
  const run: Column<LoadOutcome> = {
    title: "run",
    align: "right",
    cell: ({ runId }) => (runId === null ? null : String(runId)),
  };
  return renderTable(columnsFor(outcomes, run), outcomes, layout);
}

/** The outcomes of plans as a table. They have no run. */
export function renderPlanned(outcomes: readonly PlanOutcome[], layout: Layout): string {
  return renderTable(columnsFor(outcomes), outcomes, layout);
}

/** Columns of what is rarely there, such as missing rows, are left out if it is nowhere there. */
function columnsFor<Row extends Outcome>(
  outcomes: readonly Row[],
  ...identity: readonly Column<Row>[]
): readonly Column<Row>[] {
  const showsMissing = outcomes.some(({ missing, returned, rekeyed }) => missing + returned + rekeyed > 0);
  const showsLate = outcomes.some(({ late }) => late > 0);
  return [
    { title: "view", cell: ({ view }) => view },
    { title: "status", cell: statusOf },
    ...identity,
    { title: "fetched", cell: ({ fetched }) => fetched },
    { title: "inserted", cell: ({ inserted }) => inserted },
    { title: "updated", cell: ({ updated }) => updated },
    { title: "skipped", rank: 2, cell: ({ skipped }) => skipped },
    { title: "errors", cell: ({ errors }) => errors },
    ...(showsMissing
      ? ([
          { title: "missing", rank: 1, cell: ({ missing }) => missing },
          { title: "returned", rank: 4, cell: ({ returned }) => returned },
          { title: "rekeyed", rank: 3, cell: ({ rekeyed }) => rekeyed },
        ] satisfies readonly Column<Row>[])
      : []),
    ...(showsLate ? [{ title: "late", rank: 1, cell: ({ late }: Row) => late }] : []),
    {
      title: "seconds",
      align: "right",
      rank: 5,
      cell: ({ durationMs }) => formatSeconds(durationMs),
    },
  ];
}

/** A load that was skipped or interrupted is no failure. */
function statusOf(outcome: Outcome): string {
  if (outcome.status !== "failed") return outcome.status;
  return shownStatus({
    status: outcome.status,
    errorCode: outcome.error instanceof OtcError ? outcome.error.code : null,
  });
}

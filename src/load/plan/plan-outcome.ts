import type { CommittedLoad, FailedLoad } from "../../runs/outcome.ts";
import type { ColumnChanges, DuplicateKeys, PlannedMissing, TrippedGuard } from "./plan-report.ts";

/** What a load would do: it was done, and rolled back. */
export interface PlannedLoad extends Omit<CommittedLoad, "status" | "runId"> {
  readonly status: "planned";
  /** Its run went with the rest. */
  readonly runId: null;
  /** How many records would go to quarantine for each reason. */
  readonly quarantine: Readonly<Record<string, number>>;
  /** The columns that would change, those of most rows first. */
  readonly changes: readonly ColumnChanges[];
  readonly duplicateKeys: DuplicateKeys;
  readonly missingRows: PlannedMissing;
  /** Guards that would fail the load. */
  readonly guards: readonly TrippedGuard[];
}

export type PlanOutcome = PlannedLoad | FailedLoad;

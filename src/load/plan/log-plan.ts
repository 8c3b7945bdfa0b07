import type { Logger } from "pino";
import { logFailure, logFindings, loggedCounts } from "../log-outcome.ts";
import type { RunKind } from "../../runs/run-kind.ts";
import type { PlanOutcome } from "./plan-outcome.ts";

/** Logs what a plan found: the counts, and what was odd about the document. */
export function logPlan(log: Logger, outcome: PlanOutcome, kind: RunKind): void {
  if (outcome.status === "failed") {
    logFailure(log, outcome);
    return;
  }
  log.info(loggedCounts(outcome), "planned, and rolled back");
  logFindings(log, outcome, kind);
}

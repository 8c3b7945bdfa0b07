import { exitCodeOf, OtcError } from "../errors/otc-error.ts";
import type { LoadOutcome } from "../runs/outcome.ts";
import type { PlanOutcome } from "../load/plan/plan-outcome.ts";

/**
 * The exit code of the worst failure: permanent failures come before transient ones. Undefined when there was none.
 */
export function failureExitCode(outcomes: readonly (LoadOutcome | PlanOutcome)[]): number | undefined {
  const failures = outcomes.flatMap((outcome) =>
    outcome.status === "failed" ? [exitCodeOf(outcome.error)] : [],
  );
  return failures.find((code) => code !== exitCodeOf(new OtcError("locked", ""))) ?? failures[0];
}

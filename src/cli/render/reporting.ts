import type { LoadProgress } from "../../load/load-context.ts";
import type { LoadOutcome } from "../../runs/outcome.ts";
import type { PlanOutcome } from "../../load/plan/plan-outcome.ts";
import type { CliContext } from "../cli-context.ts";
import { outcomeJson } from "./outcome-json.ts";
import type { Session } from "../session.ts";

/** What every command that loads reports: its progress and, with `--json`, each outcome as soon as it is known. */
export function reporting(
  { progress, options }: Pick<Session, "progress" | "options">,
  { signal, stdout }: CliContext,
  { json }: { readonly json: boolean },
) {
  return {
    signal,
    onProgress: (state: LoadProgress): void => {
      progress.show(state);
    },
    onOutcome: (outcome: LoadOutcome | PlanOutcome): void => {
      progress.stop();
      if (json) stdout.write(`${outcomeJson(outcome, options.flags)}\n`);
    },
  };
}

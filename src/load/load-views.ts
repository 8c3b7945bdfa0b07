import type { View } from "../views/view.ts";
import { JointLoad } from "./joint-load.ts";
import type { LoadContext } from "./load-context.ts";
import type { LoadOutcome } from "../runs/outcome.ts";

/**
 * Loads the views in turn, each in a transaction of its own: one that fails does not keep the others from loading.
 *
 * @param onOutcome told after each, as soon as it is committed or rolled back
 */
export async function loadViews(
  views: readonly View[],
  context: LoadContext,
  onOutcome: (outcome: LoadOutcome) => void,
): Promise<readonly LoadOutcome[]> {
  const outcomes: LoadOutcome[] = [];
  for (const view of views) {
    if (context.signal.aborted && outcomes.length > 0) break;
    outcomes.push(...(await new JointLoad([view], context).run(onOutcome)));
  }
  return outcomes;
}

/** Loads the views in ONE transaction: all of them are committed or none. */
export async function loadViewsAtomically(
  views: readonly View[],
  context: LoadContext,
  onOutcome: (outcome: LoadOutcome) => void,
): Promise<readonly LoadOutcome[]> {
  return new JointLoad(views, context).run(onOutcome);
}

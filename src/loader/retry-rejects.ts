import type { View } from "../views/view.ts";
import { NO_ERROR_LIMIT } from "../load/error-limit.ts";
import type { Loader, LoadRequest } from "./loader.ts";
import type { LoadOutcome } from "../runs/outcome.ts";
import { countRejects } from "../runs/rejects/read-rejects.ts";
import { RejectDocument } from "../runs/rejects/reject-document.ts";
import type { RejectFilter } from "../runs/rejects/reject-filter.ts";

/**
 * Loads records in quarantine again, as after otc-etl has learnt a format or a constraint is gone: one load for each
 * view that has any. Those that go in leave the quarantine in the same transaction; so does one whose row is newer, by
 * the view's time of modification, or came in meanwhile and has no such time: it is not overwritten, and counts as
 * unchanged.
 *
 * @param views in the order to load them in
 */
export async function retryRejects(
  loader: Loader,
  views: readonly View[],
  filter: RejectFilter,
  request: Pick<LoadRequest, "lockWaitMs" | "timeoutMs" | "signal" | "onProgress" | "onOutcome">,
): Promise<readonly LoadOutcome[]> {
  const database = await loader.database();
  const counts = await countRejects(database, filter);
  return loader.load({
    ...request,
    views: views.filter((view) => counts.some((count) => count.view === view.name)),
    atomic: false,
    kind: "retry",
    sourceOf: () => new RejectDocument(filter),
    keepNewer: true,
    // That all of them fail again is no news, and how many they are says nothing about OTC.
    errorLimit: NO_ERROR_LIMIT,
    allowShrink: true,
  });
}

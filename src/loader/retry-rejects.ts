import type { View } from "../views/view.ts";
import { NO_ERROR_LIMIT } from "../load/guards/error-limit.ts";
import { loadDocuments } from "./load-documents.ts";
import type { LoadRequest } from "./load-request.ts";
import type { Loader } from "./loader.ts";
import type { LoadOutcome } from "../runs/outcome.ts";
import { countRejects } from "../runs/rejects/read-rejects.ts";
import { RejectDocument } from "../runs/rejects/reject-document.ts";
import type { RejectFilter } from "../runs/rejects/reject-filter.ts";

/**
 * Reloads rejected records, for example after otc-etl supports a further format or a constraint was dropped: one load per
 * view that has any. Loaded records leave the quarantine in the same transaction. So does a record whose row is newer by
 * the view's version column, or was inserted meanwhile in a view without one: the row is not overwritten, and the record
 * counts as unchanged.
 *
 * @param views in the order to load them
 */
export async function retryRejects(
  loader: Loader,
  views: readonly View[],
  filter: RejectFilter,
  request: Pick<LoadRequest, "lockWaitMs" | "timeoutMs" | "signal" | "onProgress" | "onOutcome">,
): Promise<readonly LoadOutcome[]> {
  const database = await loader.database();
  const counts = await countRejects(database, filter);
  return loadDocuments(loader, {
    ...request,
    views: views.filter((view) => counts.some((count) => count.view === view.name)),
    atomic: false,
    kind: "retry",
    sourceOf: () => new RejectDocument(filter),
    keepNewer: true,
    // All of them may fail again, and their number says nothing about OTC, so no guard applies.
    errorLimit: NO_ERROR_LIMIT,
    allowShrink: true,
  });
}

import { loadViews, loadViewsAtomically } from "../load/load-views.ts";
import type { LoadOutcome } from "../runs/outcome.ts";
import type { LoadRequest } from "./load-request.ts";
import type { Loader } from "./loader.ts";
import { requestContext } from "./request-context.ts";
import { sendDueAlerts } from "./send-alerts.ts";

/**
 * Loads the views. A load that fails is an outcome, not an exception.
 *
 * @throws OtcError before any load starts: `usage`, `configuration`, `migration`, `database`, `locked`
 */
export async function loadDocuments(loader: Loader, request: LoadRequest): Promise<readonly LoadOutcome[]> {
  const context = await requestContext(loader, request, { records: true });
  const run = request.atomic ? loadViewsAtomically : loadViews;
  const tracing = await loader.tracing();
  const outcomes = await run(request.views, { ...context, tracing }, request.onOutcome);
  // An interrupted process has five seconds to end. Alerts stay due until the next check.
  if (context.kind === "load" && !request.signal.aborted) await sendDueAlerts(loader);
  return outcomes;
}

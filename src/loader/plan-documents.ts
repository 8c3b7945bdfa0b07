import type { PlanOutcome } from "../load/plan/plan-outcome.ts";
import { planViews } from "../load/plan/plan-views.ts";
import type { MissingMode } from "../views/view.ts";
import type { PlanRequest } from "./load-request.ts";
import type { Loader } from "./loader.ts";
import { requestContext } from "./request-context.ts";

/** Options of a plan that reports missing rows whatever the settings say. */
const REPORTING_MISSING = { looksForMissing: true, missingModeOf: (): MissingMode => "report" };

/**
 * Loads the views and rolls each back, to report what a load would do. A plan that fails is an outcome, not an exception.
 *
 * @throws OtcError as `loadDocuments` does
 */
export async function planDocuments(loader: Loader, request: PlanRequest): Promise<readonly PlanOutcome[]> {
  const context = await requestContext(loader, request, { records: false });
  const options =
    request.reportsMissing === true ? { ...context.options, ...REPORTING_MISSING } : context.options;
  return planViews(request.views, { ...context, options }, request.samples, request.onOutcome);
}

import { Readable } from "node:stream";
import type { PlanOutcome } from "../load/plan/plan-outcome.ts";
import { fileSource } from "../source/file-source.ts";
import type { View } from "../views/view.ts";
import { chooseDocuments } from "./choose-documents.ts";
import type { PlanRequest } from "./load-request.ts";
import type { Loader } from "./loader.ts";
import { planDocuments } from "./plan-documents.ts";

/**
 * Finds the rows that earlier loads left behind: those that the newest archived document of a view should contain and does
 * not. Each document is planned, so that nothing is changed and no request is sent to OTC.
 *
 * @param only the view to look at; undefined means all views
 * @param request `samples` is how many rows of each view to list
 * @throws OtcError `configuration` without an archive, `source` when it is empty
 */
export async function missingSinceArchive(
  loader: Loader,
  catalog: readonly View[],
  only: View | undefined,
  request: Pick<PlanRequest, "samples" | "signal" | "onProgress" | "onOutcome">,
): Promise<readonly PlanOutcome[]> {
  const documents = await chooseDocuments({ kind: "latest" }, loader.archive, catalog, only);
  const outcomes: PlanOutcome[] = [];
  for (const { view, path } of documents) {
    if (view.missing === undefined) continue;
    if (request.signal.aborted && outcomes.length > 0) break;
    const source = fileSource(path, Readable.from([]));
    const planned = await planDocuments(loader, {
      ...request,
      views: [view],
      kind: "replay",
      errorLimit: { kind: "default" },
      // How the document compares with the last load is not the question.
      allowShrink: true,
      reportsMissing: true,
      sourceOf: () => source,
    });
    outcomes.push(...planned);
  }
  return outcomes;
}

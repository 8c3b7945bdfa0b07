import type { Readable } from "node:stream";
import { fileSource } from "../source/file-source.ts";
import type { View } from "../views/view.ts";
import type { ChosenDocument } from "./choose-documents.ts";
import { loadDocuments } from "./load-documents.ts";
import type { LoadRequest } from "./load-request.ts";
import type { Loader } from "./loader.ts";
import type { LoadOutcome } from "../runs/outcome.ts";
import { archivedSha256 } from "../runs/run-log.ts";

/**
 * Loads documents again, without a request to OTC. Each load makes its table equal to the document, so an old document
 * overwrites newer values. A document whose SHA-256 is not that of its run is not loaded. When one load fails, the later
 * documents of its view are not loaded.
 *
 * @param stdin the source of a document with the path `-`
 */
export async function replayDocuments(
  loader: Loader,
  documents: readonly ChosenDocument[],
  stdin: Readable,
  request: Omit<LoadRequest, "views" | "atomic" | "file" | "sourceOf" | "kind" | "keepNewer">,
): Promise<readonly LoadOutcome[]> {
  const database = await loader.migratedDatabase();
  const outcomes: LoadOutcome[] = [];
  const failed = new Set<View>();
  for (const { view, path, archiveFile } of documents) {
    if (failed.has(view)) continue;
    if (request.signal.aborted && outcomes.length > 0) break;
    const sha256 = archiveFile === undefined ? undefined : await archivedSha256(database, archiveFile);
    const source = { ...fileSource(path, stdin), ...(sha256 === undefined ? {} : { sha256 }) };
    const [outcome] = await loadDocuments(loader, {
      ...request,
      views: [view],
      atomic: false,
      kind: "replay",
      sourceOf: () => source,
    });
    if (outcome === undefined) continue;
    outcomes.push(outcome);
    if (outcome.status === "failed") failed.add(view);
  }
  return outcomes;
}

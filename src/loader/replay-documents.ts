import type { Readable } from "node:stream";
import { requireMigrated } from "../database/migrations.ts";
import { fileSource } from "../source/file-source.ts";
import type { View } from "../views/view.ts";
import type { ChosenDocument } from "./choose-documents.ts";
import type { Loader, LoadRequest } from "./loader.ts";
import type { LoadOutcome } from "../runs/outcome.ts";
import { archivedSha256 } from "../runs/run-log.ts";

/**
 * Loads documents again, without asking OTC. Each makes its table equal to the document, so an old one writes old values
 * over newer ones. One that is not what its run has read, by its SHA-256, is not loaded. When one fails, the later ones
 * of its view are left out.
 *
 * @param stdin what a document with the path `-` is read from
 */
export async function replayDocuments(
  loader: Loader,
  documents: readonly ChosenDocument[],
  stdin: Readable,
  request: Omit<LoadRequest, "views" | "atomic" | "file" | "sourceOf" | "kind" | "keepNewer">,
): Promise<readonly LoadOutcome[]> {
  const database = await loader.database();
  await requireMigrated(database);
  const outcomes: LoadOutcome[] = [];
  const failed = new Set<View>();
  for (const { view, path, archiveFile } of documents) {
    if (failed.has(view)) continue;
    if (request.signal.aborted && outcomes.length > 0) break;
    const sha256 = archiveFile === undefined ? undefined : await archivedSha256(database, archiveFile);
    const source = { ...fileSource(path, stdin), ...(sha256 === undefined ? {} : { sha256 }) };
    const [outcome] = await loader.load({
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

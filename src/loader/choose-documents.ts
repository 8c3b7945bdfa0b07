import type { Archive } from "../archive/archive.ts";
import { type ArchivedDocument, byTime, parseArchivedPath } from "../archive/archived-document.ts";
import { OtcError } from "../errors/otc-error.ts";
import type { View } from "../views/view.ts";

/** Which documents to load again. */
export type DocumentChoice =
  /** The newest of each view, in the order of the views. */
  | { readonly kind: "latest" }
  /** The document that a run fetched. */
  | { readonly kind: "run"; readonly runId: number }
  | { readonly kind: "file"; readonly path: string }
  /** All, or those from `since` on, oldest first. */
  | { readonly kind: "all"; readonly since: Date | undefined };

/** A document to load again. */
export interface ChosenDocument {
  readonly view: View;
  readonly path: string;
  /** Its name in the archive; undefined when the file is not named like an archived document. */
  readonly archiveFile: string | undefined;
}

/**
 * Finds the documents to load, in the order to load them.
 *
 * @param archive undefined when none is configured, which is enough for a file
 * @param catalog all views
 * @param only the view to load; undefined means all views, or for a file the view in its name
 * @throws OtcError `source` when there is no such document, `usage` when the choice is ambiguous, `configuration` when no
 * archive is configured
 */
export async function chooseDocuments(
  choice: DocumentChoice,
  archive: Archive | undefined,
  catalog: readonly View[],
  only: View | undefined,
): Promise<readonly ChosenDocument[]> {
  if (choice.kind === "file") return [chosenFile(choice.path, catalog, only)];
  if (archive === undefined) {
    throw new OtcError(
      "configuration",
      "OTC_ARCHIVE_DIR is not set, so there is no archive to replay from.",
      {
        remedy: "Set it to the directory that loads have filled, or name a file.",
      },
    );
  }
  const found = await archivedDocuments(archive, only === undefined ? catalog : [only]);
  const chosen = choose(choice, found);
  if (chosen.length === 0) throw nothingFound(choice, archive, found);
  return chosen.map(asChosen);
}

interface Found {
  readonly view: View;
  readonly document: ArchivedDocument;
}

async function archivedDocuments(archive: Archive, views: readonly View[]): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (const view of views) {
    for (const document of await archive.documents(view.name)) found.push({ view, document });
  }
  return found;
}

function choose(
  choice: Exclude<DocumentChoice, { kind: "file" }>,
  found: readonly Found[],
): readonly Found[] {
  switch (choice.kind) {
    case "latest":
      return found.filter(({ view }, index) => found[index + 1]?.view !== view);
    case "run": {
      const chosen = found.filter(({ document }) => document.runId === choice.runId);
      if (chosen.length > 1) {
        throw new OtcError("usage", `The archive holds ${chosen.length} documents of run ${choice.runId}.`, {
          remedy: `Name the file: ${chosen.map(({ document }) => document.path).join(" or ")}.`,
        });
      }
      return chosen;
    }
    case "all": {
      const since = choice.since?.getTime() ?? 0;
      return found
        .filter(({ document }) => document.archivedAt.getTime() >= since)
        .sort((a, b) => byTime(a.document, b.document));
    }
    default:
      return choice satisfies never;
  }
}

function asChosen({ view, document }: Found): ChosenDocument {
  return { view, path: document.path, archiveFile: document.name };
}

function chosenFile(path: string, catalog: readonly View[], only: View | undefined): ChosenDocument {
  const archived = parseArchivedPath(path);
  const view = only ?? catalog.find(({ name }) => name === archived?.view);
  if (view !== undefined) return { view, path, archiveFile: archived?.name };
  throw new OtcError("usage", `The name of ${path} does not tell which view it holds.`, {
    remedy: `Give --view, one of ${catalog.map(({ name }) => name).join(", ")}.`,
  });
}

function nothingFound(choice: DocumentChoice, archive: Archive, found: readonly Found[]): OtcError {
  const wanted = choice.kind === "run" ? `no document of run ${choice.runId}` : "no such document";
  return new OtcError("source", `The archive ${archive.directory} holds ${wanted}.`, {
    remedy: `It holds ${describeContents(found)}. OTC_ARCHIVE_KEEP is the number of documents that it keeps per view.`,
  });
}

/** `tickets: runs 31 (2026-11-01) to 64 (2026-11-12), 12 in all; …`. */
function describeContents(found: readonly Found[]): string {
  const views = [...new Set(found.map(({ view }) => view))].map((view) => {
    const documents = found.filter((other) => other.view === view).map(({ document }) => document);
    const ends = [...documents.slice(0, 1), ...documents.slice(-1)].map(
      ({ runId, archivedAt }) => `${runId} (${archivedAt.toISOString().slice(0, 10)})`,
    );
    return `${view.name}: runs ${ends.join(" to ")}, ${documents.length} in all`;
  });
  return views.length === 0 ? "nothing" : views.join("; ");
}

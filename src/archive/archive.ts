import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { OtcError } from "../errors/otc-error.ts";
import { errorMessage } from "../errors/error-message.ts";
import { type ArchivedDocument, archivedDocument, byTime, parseArchivedPath } from "./archived-document.ts";
import { DocumentCopy } from "./document-copy.ts";

/** The fetched documents, unchanged and compressed, in one folder per view. An archive belongs to one database. */
export class Archive {
  readonly directory: string;
  readonly #keep: number;

  /** @param keep how many documents of each view are kept; 0 keeps all */
  constructor(directory: string, keep: number) {
    this.directory = directory;
    this.#keep = keep;
  }

  /**
   * Begins a copy of the document that a run is about to read.
   *
   * @param signal ends every wait for the archive
   */
  begin(view: string, runId: number, signal: AbortSignal): Promise<DocumentCopy> {
    const document = archivedDocument(this.directory, view, runId, new Date());
    return DocumentCopy.begin(document, () => this.#prune(view), signal);
  }

  /**
   * The documents of the view, oldest first.
   *
   * @throws OtcError `source` when the archive cannot be read
   */
  async documents(view: string): Promise<readonly ArchivedDocument[]> {
    const folder = join(this.directory, view);
    try {
      const files = await readdir(folder);
      return files.flatMap((file) => parseArchivedPath(join(folder, file)) ?? []).sort(byTime);
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
      throw new OtcError("source", `The archive ${folder} cannot be read: ${errorMessage(error)}.`, {
        cause: error,
      });
    }
  }

  /** Removes all documents of the view except the newest ones. */
  async #prune(view: string): Promise<void> {
    if (this.#keep === 0) return;
    const documents = await this.documents(view);
    for (const { path } of documents.slice(0, -this.#keep)) await rm(path, { force: true });
  }
}

import { type FileHandle, open, rm } from "node:fs/promises";
import { errorMessage } from "../../errors/error-message.ts";
import { OtcError } from "../../errors/otc-error.ts";
import type { RejectSpool } from "./reject-spool.ts";

/** A file of rejected records, one JSON object per line with the fields of `Reject`. */
export class RejectsFile {
  readonly path: string;
  readonly #file: FileHandle;
  #isComplete = false;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  /**
   * Creates the file, before anything is done that it could report. Like the quarantine, it has records of the source, so
   * that only its owner may read it.
   *
   * @throws OtcError `usage` when it exists already, or cannot be created
   */
  static async create(path: string): Promise<RejectsFile> {
    try {
      return new RejectsFile(path, await open(path, "wx", 0o600));
    } catch (error) {
      const exists = error instanceof Error && "code" in error && error.code === "EEXIST";
      throw new OtcError(
        "usage",
        exists
          ? `The file ${JSON.stringify(path)} for rejected records exists already, and stays as it is.`
          : `The file ${JSON.stringify(path)} for rejected records cannot be created: ${errorMessage(error)}.`,
        { remedy: "Name another file, in a directory that exists and that you may write to.", cause: error },
      );
    }
  }

  /** Writes all records that the spool stores. */
  async write(rejects: RejectSpool): Promise<void> {
    for await (const stored of rejects.read()) {
      await this.#file.appendFile(stored.map((reject) => `${JSON.stringify(reject)}\n`).join(""));
    }
    this.#isComplete = true;
  }

  /** Closes the file, and removes it unless it is complete. It may be called once. */
  async close(): Promise<void> {
    await this.#file.close();
    if (!this.#isComplete) await rm(this.path, { force: true });
  }
}

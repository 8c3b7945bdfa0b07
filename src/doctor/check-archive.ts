import { randomUUID } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errorMessage } from "../errors/error-message.ts";
import { makeDirectory } from "../files/make-directory.ts";
import { type CheckResult, failed, ok, skipped } from "./check.ts";

/** Checks whether documents can be archived, by a file that is written and removed, with the folders made for it. */
export async function checkArchive(directory: string | undefined): Promise<CheckResult> {
  const name = "archive";
  if (directory === undefined) return skipped(name, "no documents are kept: OTC_ARCHIVE_DIR is not set");
  let created: string | undefined;
  try {
    created = await makeDirectory(directory, 0o700);
    const file = join(directory, `doctor-${randomUUID()}`);
    await writeFile(file, "", { flag: "wx", mode: 0o600 });
    await rm(file);
    return ok(name, `documents can be written to ${directory}`);
  } catch (error) {
    return failed(
      name,
      `documents cannot be written to ${directory}: ${errorMessage(error)}`,
      "Set OTC_ARCHIVE_DIR to a directory that the user of the loads can write to.",
    );
  } finally {
    if (created !== undefined) await rm(created, { recursive: true, force: true });
  }
}

import { readFile } from "node:fs/promises";
import { errorMessage } from "../../errors/error-message.ts";
import { OtcError } from "../../errors/otc-error.ts";
import type { ColumnMapping } from "./column-mapping.ts";

/**
 * Reads the file of `--map-file`: a JSON object from names in the imported file to fields of the view.
 *
 * @throws OtcError `usage` when it cannot be read, or is something else
 */
export async function readMappingFile(path: string): Promise<readonly ColumnMapping[]> {
  const wrong = (what: string, cause?: unknown): OtcError =>
    new OtcError("usage", `--map-file ${JSON.stringify(path)} ${what}.`, {
      remedy: 'It contains one JSON object, such as {"Number": "TKT-Ticket ID", "Summary": "TKT-Title"}.',
      cause,
    });
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw wrong(`cannot be read: ${errorMessage(error)}`, error);
  }
  let content: unknown;
  try {
    content = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    throw wrong(`is not JSON: ${errorMessage(error)}`, error);
  }
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    throw wrong("is not a JSON object");
  }
  return Object.entries(content).map(([theirs, field]: [string, unknown]) => {
    if (typeof field !== "string" || field.trim() === "") {
      throw wrong(
        `maps ${JSON.stringify(theirs)} to ${JSON.stringify(field)}, which is not the name of a field`,
      );
    }
    return { theirs, field };
  });
}

import { OtcError } from "../errors/otc-error.ts";

/** The formats of files that can be imported. */
export const FILE_FORMATS = ["xlsx", "csv", "json", "ndjson"] as const;

export type FileFormat = (typeof FILE_FORMATS)[number];

/** All file name extensions of each format. */
const ENDINGS: Readonly<Record<string, FileFormat>> = {
  xlsm: "xlsx",
  tsv: "csv",
  jsonl: "ndjson",
  ...Object.fromEntries(FILE_FORMATS.map((format) => [format, format])),
};

/**
 * The format of a file: the named one, otherwise by the file name's extension, before `.gz` or `.zst`.
 *
 * @throws OtcError `usage` when neither determines the format
 */
export function fileFormatOf(path: string, named: string | undefined): FileFormat {
  const ending = /\.([a-z]+)(?:\.(?:gz|zst))?$/i.exec(path)?.[1]?.toLowerCase();
  const format = ENDINGS[named ?? ending ?? ""];
  if (format !== undefined) return format;
  const what = named === undefined ? JSON.stringify(path) : `--format ${JSON.stringify(named)}`;
  throw new OtcError("usage", `${what} does not determine the file's format.`, {
    remedy: `Name it with --format: ${FILE_FORMATS.join(", ")}.`,
  });
}

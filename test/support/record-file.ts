import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { fileFormatOf } from "../../src/import/file-format.ts";
import { openRecordFile, type RecordFileOptions } from "../../src/import/open-record-file.ts";
import type { FieldNaming } from "../../src/import/record-file.ts";
import { temporaryFolder } from "./run-cli.ts";

interface ReadChoices extends Partial<Pick<RecordFileOptions, "sheet" | "delimiter" | "maxRecordBytes">> {
  readonly naming?: FieldNaming;
}

/** A file of the test's own, gone with the test. */
export async function fileOf(name: string, content: string | Buffer): Promise<string> {
  const path = join(await temporaryFolder(), name);
  await writeFile(path, content);
  return path;
}

/** The records that an import would load from a file. */
export async function recordsIn(path: string, choices: ReadChoices = {}): Promise<unknown[]> {
  const file = await openRecordFile({
    path,
    stdin: Readable.from([]),
    format: fileFormatOf(path, undefined),
    sheet: choices.sheet,
    delimiter: choices.delimiter,
    maxRecordBytes: choices.maxRecordBytes ?? 1_000_000,
    signal: new AbortController().signal,
    onOpening: () => undefined,
  });
  try {
    const pieces: Buffer[] = [];
    for await (const piece of file.document({ naming: choices.naming ?? (() => undefined), key: undefined }))
      pieces.push(piece);
    return JSON.parse(Buffer.concat(pieces).toString("utf8")) as unknown[];
  } finally {
    await file.close();
  }
}

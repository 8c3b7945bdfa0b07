import type { Readable } from "node:stream";
import { openCsv } from "./csv-table.ts";
import { type FileBytes, openFileBytes } from "../source/file-bytes.ts";
import type { FileFormat } from "./file-format.ts";
import { jsonRecords } from "./json-records.ts";
import { ndjsonRecords } from "./ndjson-records.ts";
import { recordDocument, sampleRecords } from "./record-document.ts";
import type { RecordFile } from "./record-file.ts";
import { openSeekableFile } from "./seekable-file.ts";
import { tableDocument } from "./table-document.ts";

/** Which file to read, and how. */
export interface RecordFileOptions {
  /** The path `-` means standard input. */
  readonly path: string;
  readonly stdin: Readable;
  readonly format: FileFormat;
  /** The name or number of the sheet in a workbook. */
  readonly sheet: string | undefined;
  /** The delimiter of a CSV file. */
  readonly delimiter: string | undefined;
  /** Largest record accepted, in bytes. */
  readonly maxRecordBytes: number;
  readonly signal: AbortSignal;
  /** Receives how much of the file has been read, from 0 to 1, while it is being opened. */
  readonly onOpening: (share: number) => void;
}

/**
 * Opens an exported file, plain or compressed with gzip or zstd, and reads enough of it to know the names of its fields.
 *
 * @throws SourceError when the file cannot be read, or does not have the given format
 */
export async function openRecordFile(options: RecordFileOptions): Promise<RecordFile> {
  const { path, stdin, format, maxRecordBytes, signal } = options;
  if (format === "xlsx") return openWorkbook(options);
  const bytes = await openFileBytes(path, stdin, signal);
  try {
    switch (format) {
      case "csv": {
        const table = await openCsv(bytes.chunks, options);
        return {
          fields: table.header,
          fieldsAre: "all",
          document: (mapping) => tableDocument(table, mapping),
          share: bytes.share,
          close: async () => {
            await table.rows.return(undefined);
          },
        };
      }
      case "json":
        return await recordsOf(jsonRecords(bytes.chunks, maxRecordBytes), bytes);
      case "ndjson":
        return await recordsOf(ndjsonRecords(bytes.chunks, maxRecordBytes), bytes);
      default:
        return format satisfies never;
    }
  } catch (error) {
    await bytes.chunks.return(undefined);
    throw error;
  }
}

async function recordsOf(stream: AsyncGenerator<Buffer>, { share, chunks }: FileBytes): Promise<RecordFile> {
  const { fields, records } = await sampleRecords(stream);
  return {
    fields,
    fieldsAre: "sampled",
    document: (mapping) => recordDocument(records, mapping),
    share,
    close: async () => {
      await stream.return(undefined);
      await chunks.return(undefined);
    },
  };
}

async function openWorkbook(options: RecordFileOptions): Promise<RecordFile> {
  // Imported only here, because the other formats need neither the archive nor the XML library.
  const { openXlsx } = await import("./xlsx/open-xlsx.ts");
  const file = await openSeekableFile(options.path, options.stdin, options.signal);
  try {
    const { table, share, close } = await openXlsx(file, options);
    return {
      fields: table.header,
      fieldsAre: "all",
      document: (mapping) => tableDocument(table, mapping),
      share,
      close: async () => {
        await close();
        await file.close();
      },
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

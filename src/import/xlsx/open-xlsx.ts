import type { FileHandle } from "node:fs/promises";
import { SourceError } from "../../errors/source-error.ts";
import type { Table } from "../table.ts";
import { Archive } from "./archive.ts";
import { serialTimeOf } from "./calendar.ts";
import { SharedStrings } from "./shared-strings.ts";
import { sheetRows } from "./sheet-rows.ts";
import { readTimeStyles } from "./styles.ts";
import { chosenSheet, readWorkbook } from "./workbook.ts";

interface XlsxOptions {
  /** The name or number of the sheet; undefined for the first visible one. */
  readonly sheet: string | undefined;
  readonly maxRecordBytes: number;
  readonly signal: AbortSignal;
  /** Receives how much of the file has been read, from 0 to 1, while its strings are being read. */
  readonly onOpening: (share: number) => void;
}

/** A sheet of a workbook, which has to be closed. */
interface XlsxTable {
  readonly table: Table;
  readonly share: () => number;
  readonly close: () => Promise<void>;
}

/**
 * Opens a sheet of an .xlsx workbook (ECMA-376). It reads the strings, and the rows up to the first one that is not
 * empty, which is the header.
 *
 * @param file the caller closes it, after the table
 * @throws SourceError `document`, OtcError `usage` when there is no such sheet
 */
export async function openXlsx(file: FileHandle, options: XlsxOptions): Promise<XlsxTable> {
  const { maxRecordBytes: maxTextBytes } = options;
  const archive = await Archive.open(file, options.signal);
  const workbook = await readWorkbook(archive, maxTextBytes);
  const sheet = chosenSheet(workbook, options.sheet);
  const timeStyles =
    workbook.styles === undefined ? [] : await readTimeStyles(archive, workbook.styles, maxTextBytes);
  const total = archive.bytesRead + archive.sizeOf(workbook.sharedStrings ?? "") + archive.sizeOf(sheet.part);
  const share = () => archive.bytesRead / total;
  const strings =
    workbook.sharedStrings === undefined
      ? undefined
      : await SharedStrings.read(archive, workbook.sharedStrings, maxTextBytes, () => {
          options.onOpening(share());
        });
  const timeOf = serialTimeOf(workbook.from1904);
  const rows = sheetRows(archive, sheet.part, {
    sharedString: (index) => strings?.at(index),
    timeStyles,
    timeOf,
    maxTextBytes,
  });
  const close = async (): Promise<void> => {
    await rows.return(undefined);
    await strings?.close();
  };
  try {
    const header = await rows.next();
    if (header.done === true) {
      throw new SourceError("document", `The sheet ${JSON.stringify(sheet.name)} is empty.`, {
        remedy: "Name another sheet with --sheet.",
      });
    }
    const names = Array.from(header.value, (name) => String(name ?? "").trim());
    return { table: { header: names, rows, placed: "by address", timeOf }, share, close };
  } catch (error) {
    await close();
    throw error;
  }
}

import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ZipFile } from "yazl";

/** What a test puts into a sheet: XML as some program writes it, so that each test shows the spelling it is about. */
interface SheetXml {
  readonly name: string;
  readonly state?: "hidden";
  /** `<row>…</row>`, one after another; a generator for a large sheet. */
  readonly rows: Iterable<string>;
}

export interface WorkbookXml {
  readonly sheets: readonly SheetXml[];
  /** `<si>…</si>`, one after another. */
  readonly sharedStrings?: Iterable<string>;
  /** The codes of formats; the style of number n (from 1) has the nth. */
  readonly formats?: readonly string[];
  /** The codes of conditional formats, by numbers of their own. */
  readonly conditionalFormats?: Readonly<Record<number, string>>;
  readonly date1904?: boolean;
}

const MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"';
const OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PIECE_CHARACTERS = 64 * 1024;

/** A cell with a text of its own. */
export function inline(text: string): string {
  return `<c t="inlineStr"><is><t xml:space="preserve">${escaped(text)}</t></is></c>`;
}

/** A cell with a number, perhaps in a style. */
export function number(value: number | string, style?: number): string {
  return `<c${style === undefined ? "" : ` s="${style}"`}><v>${value}</v></c>`;
}

export function row(...cells: readonly string[]): string {
  return `<row>${cells.join("")}</row>`;
}

export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Writes an .xlsx file with as many parts as a reader needs. */
export async function writeWorkbook(path: string, workbook: WorkbookXml): Promise<void> {
  const { sheets, sharedStrings, formats = [], conditionalFormats = {}, date1904 = false } = workbook;
  const zip = new ZipFile();
  const add = (name: string, xml: Iterable<string>) => {
    zip.addReadStreamLazy(name, (open) => {
      open(null, Readable.from(pieces(xml), { objectMode: false }));
    });
  };
  const relationships = [
    ...sheets.map((_, index) =>
      relationship(`s${index + 1}`, "worksheet", `worksheets/sheet${index + 1}.xml`),
    ),
    ...(sharedStrings === undefined ? [] : [relationship("strings", "sharedStrings", "sharedStrings.xml")]),
    relationship("styles", "styles", "/xl/styles.xml"),
  ];
  add("_rels/.rels", [relationshipList([relationship("main", "officeDocument", "xl/workbook.xml")])]);
  add("xl/_rels/workbook.xml.rels", [relationshipList(relationships)]);
  add("xl/workbook.xml", [
    `<workbook ${MAIN} xmlns:r="${OFFICE}"><workbookPr date1904="${date1904 ? 1 : 0}"/><sheets>`,
    ...sheets.map(
      ({ name, state = "visible" }, index) =>
        `<sheet name="${escaped(name)}" sheetId="${index + 1}" state="${state}" r:id="s${index + 1}"/>`,
    ),
    // Excel writes this one too; it says nothing of dates.
    `</sheets><extLst><ext xmlns:x15="x15"><x15:workbookPr chartTrackingRefBase="1"/></ext></extLst></workbook>`,
  ]);
  add("xl/styles.xml", [
    `<styleSheet ${MAIN}><numFmts>`,
    ...formats.map((code, index) => numberFormat(164 + index, code)),
    `</numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/>`,
    ...formats.map((_, index) => `<xf numFmtId="${164 + index}"/>`),
    "</cellXfs><dxfs>",
    ...Object.entries(conditionalFormats).map(([id, code]) => `<dxf>${numberFormat(Number(id), code)}</dxf>`),
    "</dxfs></styleSheet>",
  ]);
  sheets.forEach(({ rows }, index) => {
    add(
      `xl/worksheets/sheet${index + 1}.xml`,
      wrapped(`<worksheet ${MAIN}><sheetData>`, rows, "</sheetData></worksheet>"),
    );
  });
  if (sharedStrings !== undefined) {
    add("xl/sharedStrings.xml", wrapped(`<sst ${MAIN}>`, sharedStrings, "</sst>"));
  }
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(path));
}

function numberFormat(id: number, code: string): string {
  return `<numFmt numFmtId="${id}" formatCode="${escaped(code).replaceAll('"', "&quot;")}"/>`;
}

function relationship(id: string, type: string, target: string): string {
  return `<Relationship Id="${id}" Type="${OFFICE}/${type}" Target="${target}"/>`;
}

function relationshipList(relationships: readonly string[]): string {
  const namespace = "http://schemas.openxmlformats.org/package/2006/relationships";
  return `<Relationships xmlns="${namespace}">${relationships.join("")}</Relationships>`;
}

function* wrapped(begin: string, middle: Iterable<string>, end: string): Generator<string> {
  yield begin;
  yield* middle;
  yield end;
}

/** A stream of many small strings takes longer to write than they take to make. */
function* pieces(xml: Iterable<string>): Generator<Buffer> {
  let piece = "";
  for (const text of xml) {
    piece += text;
    if (piece.length < PIECE_CHARACTERS) continue;
    yield Buffer.from(piece, "utf8");
    piece = "";
  }
  yield Buffer.from(piece, "utf8");
}

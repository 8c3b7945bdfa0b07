import { posix } from "node:path";
import { OtcError } from "../../errors/otc-error.ts";
import { SourceError } from "../../errors/source-error.ts";
import type { Archive } from "./archive.ts";
import { readXml } from "./xml-reader.ts";

/** A reference from one part to another. */
interface Relationship {
  readonly id: string;
  /** The last word of its type: `worksheet`, `sharedStrings`, `styles`. */
  readonly type: string;
  readonly part: string;
}

/** A sheet of rows and columns. */
export interface Sheet {
  readonly name: string;
  readonly isVisible: boolean;
  readonly part: string;
}

/** A workbook's table of contents. */
export interface Workbook {
  readonly sheets: readonly Sheet[];
  /** Whether its days are counted from 1904. */
  readonly from1904: boolean;
  /** Undefined when it has none. */
  readonly sharedStrings: string | undefined;
  readonly styles: string | undefined;
}

export async function readWorkbook(archive: Archive, maxTextBytes: number): Promise<Workbook> {
  const [main] = (await relationshipsOf(archive, "", maxTextBytes)).filter(
    ({ type }) => type === "officeDocument",
  );
  if (!main?.part.endsWith(".xml")) {
    throw new SourceError("document", "The file contains no workbook that otc-etl can read.", {
      remedy: "Open it in Excel and save it as .xlsx (not as .xlsb, for example).",
    });
  }
  const relationships = await relationshipsOf(archive, main.part, maxTextBytes);
  const partOf = (type: string) => relationships.find((candidate) => candidate.type === type)?.part;
  const sheets: Sheet[] = [];
  let from1904 = false;
  await readXml(
    main.part,
    archive.read(main.part),
    {
      open: (element, attributes) => {
        // An extension of Excel has an element of the same name, without this attribute.
        if (element === "workbookPr") from1904 ||= /^(1|true)$/.test(attributes["date1904"] ?? "");
        if (element !== "sheet") return;
        const [, id] = Object.entries(attributes).find(([name]) => name.endsWith(":id")) ?? [];
        const target = relationships.find((candidate) => candidate.id === id);
        // Charts and macros can also be sheets.
        if (target?.type !== "worksheet") return;
        const isVisible = (attributes["state"] ?? "visible") === "visible";
        sheets.push({ name: attributes["name"] ?? "", isVisible, part: target.part });
      },
      text: () => undefined,
      close: () => undefined,
    },
    maxTextBytes,
  );
  return { sheets, from1904, sharedStrings: partOf("sharedStrings"), styles: partOf("styles") };
}

/**
 * The sheet with that name, in any case, or that number, counted from 1. Without a name, the first visible sheet.
 *
 * @throws OtcError `usage` when there is no such sheet
 */
export function chosenSheet({ sheets }: Workbook, name: string | undefined): Sheet {
  const found =
    name === undefined
      ? (sheets.find((sheet) => sheet.isVisible) ?? sheets[0])
      : (sheets.find((sheet) => sheet.name === name) ??
        sheets.find((sheet) => sheet.name.toLowerCase() === name.toLowerCase()) ??
        (/^\d+$/.test(name) ? sheets[Number(name) - 1] : undefined));
  if (found !== undefined) return found;
  if (sheets.length === 0)
    throw new SourceError("document", "The workbook has no sheet of rows and columns.");
  const names = sheets.map((sheet, index) => `${index + 1} ${JSON.stringify(sheet.name)}`);
  throw new OtcError("usage", `The workbook has no sheet ${JSON.stringify(name)}.`, {
    remedy: `Its sheets are ${names.join(", ")}. Name one with --sheet.`,
  });
}

/** @param part the part whose relationships are read; empty for the archive itself */
async function relationshipsOf(
  archive: Archive,
  part: string,
  maxTextBytes: number,
): Promise<readonly Relationship[]> {
  const folder = posix.dirname(part);
  const list = posix.join(folder, "_rels", `${posix.basename(part)}.rels`);
  const found: Relationship[] = [];
  await readXml(
    list,
    archive.read(list),
    {
      open: (element, attributes) => {
        const { Id: id, Type: type, Target: target, TargetMode: mode } = attributes;
        if (element !== "Relationship" || mode === "External") return;
        if (id === undefined || type === undefined || target === undefined) return;
        found.push({ id, type: posix.basename(type), part: posix.resolve("/", folder, target).slice(1) });
      },
      text: () => undefined,
      close: () => undefined,
    },
    maxTextBytes,
  );
  return found;
}

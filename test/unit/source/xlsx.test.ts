import { readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { OtcError } from "../../../src/errors/otc-error.ts";
import { serialTimeOf } from "../../../src/import/xlsx/calendar.ts";
import { timeFormatOf } from "../../../src/import/xlsx/number-format.ts";
import { fileOf, recordsIn } from "../../support/record-file.ts";
import { temporaryFolder } from "../../support/run-cli.ts";
import { inline, number, row, type WorkbookXml, writeWorkbook } from "../../support/workbook.ts";

async function workbookOf(workbook: WorkbookXml): Promise<string> {
  const path = join(await temporaryFolder(), "book.xlsx");
  await writeWorkbook(path, workbook);
  return path;
}

/** One row of the cells under headers that are letters. */
function cellsIn(workbook: Omit<WorkbookXml, "sheets">, ...cells: readonly string[]): Promise<string> {
  const header = cells.map((_, index) => inline(String.fromCharCode(97 + index)));
  return workbookOf({ ...workbook, sheets: [{ name: "S", rows: [row(...header), row(...cells)] }] });
}

describe("the texts of a workbook", () => {
  test("are joined from runs, without phonetic text, and their escapes are resolved", async () => {
    const path = await cellsIn(
      {
        sharedStrings: [
          `<si><t xml:space="preserve"> plain </t></si>`,
          `<si><r><t>rich</t></r><r><rPr><b/></rPr><t xml:space="preserve"> text &amp; more</t></r><rPh sb="0" eb="1"><t>x</t></rPh></si>`,
          `<si><t>line_x000D_\nline_x005F_x000D_</t></si>`,
          `<si/>`,
          `<si><t><![CDATA[<cdata>]]></t></si>`,
        ],
      },
      ...[0, 1, 2, 3, 4].map((index) => `<c t="s"><v>${index}</v></c>`),
      inline("=1+1 _x0041_"),
      `<c t="str"><f>A1&amp;"x"</f><v>formula_x0009_text</v></c>`,
    );
    expect(await recordsIn(path)).toEqual([
      {
        a: " plain ",
        b: "rich text & more",
        c: "line\r\nline_x000D_",
        d: "",
        e: "<cdata>",
        f: "=1+1 A",
        g: "formula\ttext",
      },
    ]);
  });

  test("are read from disk when there are more than fit into memory", async () => {
    const count = 3000;
    const text = (index: number) => `${index} ${"x".repeat(12_000)}`;
    function* strings(): Generator<string> {
      yield "<si><t>a</t></si>";
      for (let index = 1; index <= count; index += 1) yield `<si><t>${text(index)}</t></si>`;
    }
    function* rows(): Generator<string> {
      for (let index = 0; index <= count; index += 1) yield row(`<c t="s"><v>${index}</v></c>`);
      for (const index of [1, count, 1]) yield row(`<c t="s"><v>${index}</v></c>`);
    }
    const path = await workbookOf({ sheets: [{ name: "S", rows: rows() }], sharedStrings: strings() });
    const records = (await recordsIn(path)) as { a: string }[];
    expect(records.every((record, index) => index >= count || record.a === text(index + 1))).toBe(true);
    expect(records.slice(count).map(({ a }) => a.slice(0, 5).trim())).toEqual(["1 xxx", "3000", "1 xxx"]);
  });
});

describe("the numbers of a workbook", () => {
  test("have their shortest form, and long ones keep every digit", async () => {
    const path = await cellsIn(
      {},
      number("1.1000000000000001"),
      number("1.2345678E7"),
      number("123456789012345678"),
      number("42"),
      `<c t="b"><v>1</v></c>`,
      `<c t="e"><v>#N/A</v></c>`,
      `<c><f>SUM(A1)</f><v>3</v></c>`,
      `<c><f>SUM(A1)</f></c>`,
      `<c t="d"><v>2024-03-05T10:00:00</v></c>`,
    );
    expect(await recordsIn(path)).toEqual([
      {
        a: 1.1,
        b: 12345678,
        c: "123456789012345678",
        d: 42,
        e: true,
        f: "#N/A",
        g: 3,
        h: "=SUM(A1)",
        i: "2024-03-05T10:00:00",
      },
    ]);
  });

  test("are times according to their style, and in columns of times", async () => {
    const formats = [
      "dd/mm/yyyy",
      "yyyy-mm-dd hh:mm",
      "[$-409]h:mm AM/PM;@",
      "[h]:mm",
      '0.0 "days"',
      "[Red]0",
    ];
    const cells = [
      number(45356, 1),
      number(45356.395833333336, 2),
      number(0.3958333333, 3),
      number(1.5, 4),
      number(2.5, 5),
      number(3, 6),
      number(45356.5),
    ];
    const naming = (field: string) => ({ name: field, holdsTime: field === "g" });
    expect(await recordsIn(await cellsIn({ formats }, ...cells), { naming })).toEqual([
      {
        a: "2024-03-05",
        b: "2024-03-05 09:30:00",
        c: "09:30",
        d: "36:00",
        e: 2.5,
        f: 3,
        g: "2024-03-05 12:00:00",
      },
    ]);
    const from1904 = await cellsIn({ formats, date1904: true }, ...cells);
    expect(await recordsIn(from1904, { naming })).toMatchObject([
      { a: "2028-03-06", g: "2028-03-06 12:00:00" },
    ]);
  });

  test("are times according to the formats of cells, not those of conditions, which have separate numbers", async () => {
    const formats = ["dd/mm/yyyy", "0.00", "hh:mm"];
    const conditionalFormats = { 164: "0.00", 165: "dd/mm/yyyy", 166: "yyyy", 14: "0" };
    const cells = formats.map((_, index) => number(0.375 + (index < 2 ? 45293 : 0), index + 1));
    expect(await recordsIn(await cellsIn({ formats, conditionalFormats }, ...cells))).toEqual([
      { a: "2024-01-02 09:00:00", b: 45293.375, c: "09:00" },
    ]);
  });

  test("are true or false in any spelling, and otherwise stay texts", async () => {
    const spellings = ["1", "true", "TRUE", " 1 ", "0", "false", "False", "yes", "2"];
    const cells = spellings.map((spelling) => `<c t="b"><v>${spelling}</v></c>`);
    const [record = {}] = (await recordsIn(await cellsIn({}, ...cells))) as Record<string, unknown>[];
    expect(Object.values(record)).toEqual([true, true, true, true, false, false, false, "yes", "2"]);
  });

  test("and other values of cells are null without a value, but a text may be empty", async () => {
    const types = ["str", "e", "d", "b", "s", "n", "inlineStr"];
    const empty = types.flatMap((type) => [
      `<c t="${type}"/>`,
      ...(type === "str" ? [] : [`<c t="${type}"><v/></c>`]),
    ]);
    const nulls = empty.map((_, index) => [String.fromCharCode(97 + index), null] as const);
    const path = await cellsIn(
      {},
      ...empty,
      `<c t="str"><f>A1</f></c>`,
      `<c t="str"><f>A1</f><v></v></c>`,
      `<c t="inlineStr"><is><t/></is></c>`,
      `<c t="inlineStr"><v>astray</v></c>`,
      `<c t="n"><v>5</v></c>`,
    );
    const naming = (field: string) => ({ name: field, holdsTime: false });
    expect(await recordsIn(path, { naming })).toEqual([
      { ...Object.fromEntries(nulls), n: null, o: "", p: "", q: "astray", r: 5 },
    ]);
  });

  test.for([
    [0, "1900-01-00"],
    [1, "1900-01-01"],
    [59, "1900-02-28"],
    [60, "1900-02-29"],
    [61, "1900-03-01"],
    [45356.9999999999, "2024-03-06"],
    [45356.00001157407, "2024-03-05 00:00:01"],
    [45356.0000000116, "2024-03-05 00:00:00.001"],
    [2_958_465, "9999-12-31"],
    [2_958_466, 2_958_466],
    [-1, -1],
  ] as const)("are days of Excel's calendar, in which %d is %j", ([serial, expected]) => {
    expect(serialTimeOf(false)(serial)).toBe(expected);
  });

  test.for([
    [14, undefined, "date"],
    [22, undefined, "date time"],
    [45, undefined, "time seconds"],
    [46, undefined, "time seconds elapsed"],
    [164, 'd" days "', "date"],
    [164, "mmm", "date"],
    [164, "mm:ss.0", "time seconds"],
    [164, "General", ""],
    [164, '#,##0.00_);[Red]("d"#,##0)', ""],
    [164, "0\\d", ""],
    [164, '[=0]"";dd/mm/yyyy', "date"],
    [164, "0.0;[h]:mm", ""],
    [164, "[Yellow][>=100]0;[Magenta]0", ""],
    [164, "[$-F800]dddd, mmmm dd, yyyy", "date"],
    [164, "[mm]:ss", "time seconds elapsed"],
    [31, undefined, "date"],
    [33, undefined, "time"],
    [58, undefined, "date"],
    [2, undefined, ""],
  ] as const)("are times or not by the format %d %j", ([id, code, expected]) => {
    const format = timeFormatOf(id, code) ?? {};
    const shown = Object.entries(format).filter(([, does]) => does === true);
    expect(shown.map(([name]) => name).join(" ")).toBe(expected);
  });
});

describe("the rows of a sheet", () => {
  test("may have gaps or no addresses, and be hidden or empty; the first one that is not empty is the header", async () => {
    const path = await workbookOf({
      sheets: [
        {
          name: "S",
          rows: [
            `<row r="1"/>`,
            `<row r="2"><c r="B2" s="1"/></row>`,
            `<row r="3"><c r="B3" t="inlineStr"><is><t> id </t></is></c><c r="AA3" t="inlineStr"><is><t>far</t></is></c></row>`,
            `<row r="4" hidden="1"><c r="B4"><v>1</v></c><c><v>2</v></c><c r="AA4"><v>3</v></c><c><v>4</v></c></row>`,
            `<row r="5"><c r="B5" t="inlineStr"><is><t></t></is></c></row>`,
          ],
        },
      ],
    });
    expect(await recordsIn(path)).toEqual([{ id: 1, "Column 3": 2, far: 3, "Column 28": 4 }]);
  });

  test("are those of the first visible sheet, or of the one that was named", async () => {
    const sheet = (name: string) => ({ name, rows: [row(inline("sheet")), row(inline(name))] });
    const path = await workbookOf({
      sheets: [{ ...sheet("Secret"), state: "hidden" }, sheet("Data"), sheet("2024 <&>")],
    });
    expect(await recordsIn(path)).toEqual([{ sheet: "Data" }]);
    for (const [named, found] of [
      ["secret", "Secret"],
      ["3", "2024 <&>"],
      ["2024 <&>", "2024 <&>"],
    ] as const) {
      expect(await recordsIn(path, { sheet: named })).toEqual([{ sheet: found }]);
    }
    const error: unknown = await recordsIn(path, { sheet: "4" }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "usage", remedy: expect.stringContaining('1 "Secret", 2 "Data"') });
  });
});

describe("a workbook that cannot be read", () => {
  const book = () =>
    workbookOf({ sheets: [{ name: "S", rows: [row(inline("a")), row(inline("b".repeat(5000)))] }] });

  test("was cut short, or damaged", async () => {
    const cut = await book();
    await truncate(cut, 1000);
    await expect(recordsIn(cut)).rejects.toThrow(/not an \.xlsx workbook, or is damaged/);
    const damaged = await book();
    const bytes = await readFile(damaged);
    // Somewhere inside the sheet's compressed bytes.
    const sheet = bytes.indexOf("xl/worksheets/sheet1.xml") + 60;
    bytes.writeUInt8(bytes.readUInt8(sheet) ^ 0xff, sheet);
    await writeFile(damaged, bytes);
    await expect(recordsIn(damaged)).rejects.toBeInstanceOf(OtcError);
  });

  test("is old, needs a password, or is another kind of file", async () => {
    const old = await fileOf("old.xlsx", Buffer.from("d0cf11e0a1b11ae1ffffffffffffffff", "hex"));
    await expect(recordsIn(old)).rejects.toThrow(/old \.xls workbook, or needs a password/);
    await expect(recordsIn(await fileOf("text.xlsx", "id,title\n"))).rejects.toThrow(
      /not an \.xlsx workbook/,
    );
    const empty = await workbookOf({ sheets: [{ name: "S", rows: [] }] });
    await expect(recordsIn(empty)).rejects.toThrow(/sheet "S" is empty/);
  });

  test("is too large when expanded, in a text, a row or a part", async () => {
    await expect(recordsIn(await book(), { maxRecordBytes: 2000 })).rejects.toThrow(/more than 2000 bytes/);
    const wide = row(...Array.from({ length: 50 }, () => inline("c".repeat(1000))));
    const path = await workbookOf({ sheets: [{ name: "S", rows: [row(inline("a")), wide] }] });
    await expect(recordsIn(path, { maxRecordBytes: 20_000 })).rejects.toThrow(
      /a row of more than 20000 bytes/,
    );
    const swollen = await book();
    const bytes = await readFile(swollen);
    const directoryEntry = bytes.lastIndexOf("xl/worksheets/sheet1.xml") - 46;
    bytes.writeUInt32LE(0x7fff_ffff, directoryEntry + 24);
    await writeFile(swollen, bytes);
    await expect(recordsIn(swollen)).rejects.toThrow(/sheet1\.xml would expand from \d+ to 2147483647 bytes/);
    const far = `<row><c r="ZZZZZ1"><v>1</v></c></row>`;
    const beyond = await workbookOf({ sheets: [{ name: "S", rows: [far] }] });
    await expect(recordsIn(beyond)).rejects.toThrow(/a cell at "ZZZZZ1"/);
  });

  test("is read even if it is compressed once more", async () => {
    const path = await fileOf("book.xlsx.gz", gzipSync(await readFile(await book())));
    expect(await recordsIn(path)).toEqual([{ a: "b".repeat(5000) }]);
  });
});

import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { openCsv } from "../../../src/import/csv-table.ts";
import { fileOf, recordsIn } from "../../support/record-file.ts";

async function* chunksOf(content: string | Buffer, size: number): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(content as string);
  for (let index = 0; index < bytes.length; index += size) {
    await Promise.resolve();
    yield bytes.subarray(index, index + size);
  }
}

const openInChunks = (content: string | Buffer, size: number) =>
  openCsv(chunksOf(content, size), { delimiter: undefined, maxRecordBytes: 1000 });

async function fieldsInChunks(content: string | Buffer, size: number): Promise<readonly string[]> {
  const table = await openInChunks(content, size);
  await table.rows.return(undefined);
  return table.header;
}

/** The records of a file that comes in chunks of so many bytes. */
async function recordsInChunks(content: string | Buffer, size: number): Promise<unknown[]> {
  const table = await openInChunks(content, size);
  const records: unknown[] = [];
  for await (const row of table.rows) {
    records.push(Object.fromEntries(row.map((cell, index) => [table.header[index], cell])));
  }
  return records;
}

describe("a CSV file", () => {
  test.for([
    [",", 'id,text\r\n1,"a, ""b""\r\nc"\r\n'],
    [";", '\uFEFFid;text\n1;"a, ""b""\r\nc"'],
    ["\t", 'id\t"text"\n\n1\t"a, ""b""\r\nc"\n'],
  ] as const)(
    "has its delimiter %j found, its quotes undone and blank lines passed over",
    async ([, text]) => {
      expect(await recordsIn(await fileOf("a.csv", text))).toEqual([{ id: "1", text: 'a, "b"\r\nc' }]);
      expect(await recordsIn(await fileOf("a.csv.gz", gzipSync(text)))).toHaveLength(1);
    },
  );

  test("distinguishes null from an empty text, and omits null for an unknown field", async () => {
    const path = await fileOf("a.csv", 'known,quoted,unknown\n,"",\n1\n');
    const naming = (field: string) =>
      field === "unknown" ? undefined : { name: field.toUpperCase(), holdsTime: false };
    expect(await recordsIn(path, { naming })).toEqual([{ KNOWN: null, QUOTED: "" }, { KNOWN: "1" }]);
  });

  test("turns a row with more values than the header into a list, which loads reject", async () => {
    const path = await fileOf("a.csv", "id,text\n1,one, two\n2,three,\n");
    expect(await recordsIn(path)).toEqual([["1", "one", " two"], { id: "2", text: "three" }]);
  });

  test("names columns without a name and columns with a repeated name", async () => {
    const path = await fileOf("a.csv", "id,,note,note\n1,2,3,4\n");
    expect(await recordsIn(path)).toEqual([{ id: "1", "Column 2": "2", note: "3", "note (2)": "4" }]);
  });

  test.for([
    ["a carriage return, as old Macs do", "\r"],
    ["a line feed", "\n"],
    ["both", "\r\n"],
    ["a carriage return too many", "\r\r\n"],
  ] as const)("may end its lines with %s, wherever the chunks are cut", async ([, end]) => {
    const lines = ["", "id;text", '1;"a\rb\nc\r\nd"', "2;x", "", '"3";"y, ""z"""'];
    const records = [
      { id: "1", text: "a\rb\nc\r\nd" },
      { id: "2", text: "x" },
      { id: "3", text: 'y, "z"' },
    ];
    for (const text of [lines.join(end), `${lines.join(end)}${end}`]) {
      for (const size of [1, 2, 3, 7, 1000]) expect(await recordsInChunks(text, size)).toEqual(records);
    }
  });

  test("may mix its line ends when its header ends with a carriage return", async () => {
    expect(await recordsIn(await fileOf("a.csv", "id,text\r1,a\n2,b\r\n3,c\r"))).toHaveLength(3);
  });

  test("keeps a carriage return inside an unquoted value when its header ends with a line feed", async () => {
    expect(await recordsIn(await fileOf("a.csv", "id,text\n1,a\rb\n"))).toEqual([{ id: "1", text: "a\rb" }]);
  });

  test("has its delimiter found in the whole header, however small the first chunk is", async () => {
    for (const [text, fields] of [
      ["id,x,text;b;c;d\n1;2;3;4\n", ["id,x,text", "b", "c", "d"]],
      ['"a,b,c\n,d";e\n1;2\n', ["a,b,c\n,d", "e"]],
      ["a,b;c;d", ["a,b", "c", "d"]],
      ["\n \n\tid\ttext\n1\t2\n", ["", "id", "text"]],
    ] as const) {
      for (let size = 1; size <= text.length; size += 1) {
        expect(await fieldsInChunks(text, size)).toEqual(fields);
      }
    }
  });

  test("may name its delimiter in the first line, as Excel does", async () => {
    for (const line of ["sep=;", '"sep=;"', "\uFEFFSEP=;"]) {
      for (const end of ["\r\n", "\n", "\r"]) {
        const text = [line, "id,a,b;text", "1;x, y", ""].join(end);
        for (const size of [1, 4, 1000]) {
          expect(await recordsInChunks(text, size)).toEqual([{ "id,a,b": "1", text: "x, y" }]);
        }
      }
    }
    expect(await recordsIn(await fileOf("a.csv", "sep=\t\nid\ttext\n1\tx\n"))).toEqual([
      { id: "1", text: "x" },
    ]);
    const named = await fileOf("a.csv", "sep=,\nid|text\n1|x\n");
    expect(await recordsIn(named, { delimiter: "|" })).toEqual([{ id: "1", text: "x" }]);
    await expect(recordsIn(await fileOf("a.csv", 'sep=;\nid;t\n1;"a" b\n'))).rejects.toThrow(/line 3/i);
  });

  test("may be UTF-16 with a byte order mark, wherever the chunks are cut", async () => {
    const little = Buffer.from("\uFEFFid\ttext\r\n1\tM\u00fcller \u{1F600}\r\n", "utf16le");
    const big = Buffer.from(little).swap16();
    for (const bytes of [little, big]) {
      for (const size of [1, 3, 1000]) {
        expect(await recordsInChunks(bytes, size)).toEqual([{ id: "1", text: "M\u00fcller \u{1F600}" }]);
      }
    }
  });

  test("is read with the delimiter that was named", async () => {
    expect(await recordsIn(await fileOf("a.csv", "a|b,c\n1|2\n"), { delimiter: "|" })).toEqual([
      { a: "1", "b,c": "2" },
    ]);
  });

  test.for([
    ["", /empty/],
    [Buffer.from("id,text\n1,M\xfcller\n", "latin1"), /not UTF-8/],
    [Buffer.from("\uFEFFid,text\n1,x", "utf16le").subarray(0, -1), /not UTF-16LE/],
    [Buffer.from("id,text\n1,x\n", "utf16le"), /UTF-16 without a byte order mark/],
    ["\n \r\n", /empty/],
    ['id,text\n1,"never closed\n2,b\n', /not CSV.*quote/i],
    ['id,text\n1,"a" b\n', /not CSV.*line 2/i],
    [`id,text\n1,"${"x".repeat(5000)}\n`, /Line 2: a row is larger than 1000 bytes/],
  ] as const)("fails when it is %j", async ([content, message]) => {
    const path = await fileOf("a.csv", Buffer.from(content));
    await expect(recordsIn(path, { maxRecordBytes: 1000 })).rejects.toMatchObject({
      code: "document",
      message: expect.stringMatching(message),
    });
  });
});

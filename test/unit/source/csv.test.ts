import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { fileOf, recordsIn } from "../../support/record-file.ts";

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

  test("tells nothing from an empty text, and of an unknown field leaves nothing out of the record", async () => {
    const path = await fileOf("a.csv", 'known,quoted,unknown\n,"",\n1\n');
    const naming = (field: string) =>
      field === "unknown" ? undefined : { name: field.toUpperCase(), holdsTime: false };
    expect(await recordsIn(path, { naming })).toEqual([{ KNOWN: null, QUOTED: "" }, { KNOWN: "1" }]);
  });

  test("makes a list, which no load takes, of a row with more values than the header", async () => {
    const path = await fileOf("a.csv", "id,text\n1,one, two\n2,three,\n");
    expect(await recordsIn(path)).toEqual([["1", "one", " two"], { id: "2", text: "three" }]);
  });

  test("gives names to columns without one and to a second of a name", async () => {
    const path = await fileOf("a.csv", "id,,note,note\n1,2,3,4\n");
    expect(await recordsIn(path)).toEqual([{ id: "1", "Column 2": "2", note: "3", "note (2)": "4" }]);
  });

  test("is read with the delimiter that was named", async () => {
    expect(await recordsIn(await fileOf("a.csv", "a|b,c\n1|2\n"), { delimiter: "|" })).toEqual([
      { a: "1", "b,c": "2" },
    ]);
  });

  test.for([
    ["", /empty/],
    [Buffer.from("id,text\n1,M\xfcller\n", "latin1"), /not UTF-8/],
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

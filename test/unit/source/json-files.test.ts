import { zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { renameFields } from "../../../src/import/rename-fields.ts";
import { fileOf, recordsIn } from "../../support/record-file.ts";

const upperCase = (field: string) => ({ name: field.toUpperCase(), holdsTime: false });

describe("a file with one JSON object per line", () => {
  test("has its records read without blank lines, carriage returns and a byte order mark", async () => {
    const text = '\uFEFF{"a":1}\r\n\n  {"a":2,"b":{"c":[3]}}';
    const expected = [{ A: 1 }, { A: 2, B: { c: [3] } }];
    expect(await recordsIn(await fileOf("a.ndjson", text), { naming: upperCase })).toEqual(expected);
    const compressed = await fileOf("a.jsonl.zst", zstdCompressSync(text));
    expect(await recordsIn(compressed, { naming: upperCase })).toEqual(expected);
    expect(await recordsIn(await fileOf("a.ndjson", "\n"))).toEqual([]);
  });

  test.for([
    ['{"a":1}\n\n{"a":\n', /^Line 3 is not valid JSON/],
    ['{"a":1},{"a":2}\n', /^Line 1 is not valid JSON/],
    [`{"a":1}\n"${"x".repeat(2000)}"`, /^Line 2 is larger than 1000 bytes/],
  ] as const)("fails at %j, naming the line", async ([text, message]) => {
    await expect(recordsIn(await fileOf("a.ndjson", text), { maxRecordBytes: 1000 })).rejects.toThrow(
      message,
    );
  });
});

test("A line that is too complex to be parsed has to be one value.", async () => {
  const list = `[${"[1],".repeat(150_000)}[1]]`;
  expect(await recordsIn(await fileOf("a.ndjson", `${list}\n`))).toEqual([JSON.parse(list)]);
  for (const damaged of [list.slice(1, -1), `${list}]`, list.slice(0, -1)]) {
    await expect(recordsIn(await fileOf("a.ndjson", `1\n${damaged}`))).rejects.toThrow(
      /^Line 2 is not valid JSON/,
    );
  }
});

describe("a JSON file", () => {
  test("has the records of its list read in any envelope, with renamed fields", async () => {
    const path = await fileOf("a.json", '{"message":{"data":[{"a":1},{"b":"x"}]}}');
    expect(await recordsIn(path, { naming: upperCase })).toEqual([{ A: 1 }, { B: "x" }]);
  });

  test("fails when it was cut short", async () => {
    await expect(recordsIn(await fileOf("a.json", '[{"a":1},{"a":'))).rejects.toMatchObject({
      code: "document",
    });
  });
});

describe("renaming the fields of a record", () => {
  test("changes only names at the top level", () => {
    const json =
      '{ "a\\"\\u0041" : 12345678901234567890.10, "b":{"b":"{\\"b\\":1}"}, "c":["b","c"], "b2": "b" }';
    const names: string[] = [];
    const renamed = renameFields(json, (field) => {
      names.push(field);
      return field === "b" ? "B" : field;
    });
    expect(names).toEqual(['a"A', "b", "c", "b2"]);
    expect(renamed).toBe(json.replace('"b":{', '"B":{'));
  });

  test("accepts a text of millions of escapes, and a record that ends in one", () => {
    const text = '\\n\\"\\\\'.repeat(2_000_000);
    expect(renameFields(`{"a":"${text}","a":1}`, () => "b") === `{"b":"${text}","b":1}`).toBe(true);
    expect(renameFields('{"a":"b', () => "c")).toBe('{"c":"b');
  });
});

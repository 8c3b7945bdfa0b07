import { describe, expect, test } from "vitest";
import { NumberedTexts } from "../../../src/import/keys/numbered-texts.ts";
import { generatedKey } from "../../../src/import/keys/record-key.ts";
import { mapRecords } from "../../../src/import/mapping/map-records.ts";
import { readMappingFile } from "../../../src/import/mapping/mapping-file.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import { fileOf } from "../../support/record-file.ts";

const numbersOf = (...values: readonly unknown[]) => {
  const texts = new NumberedTexts("Number");
  return values.map((value) => texts.numberOf(value));
};

describe("the number in a text", () => {
  test("is its digits, and a text without exactly one number stays", () => {
    expect(numbersOf("INC0010001", " INC0010002 ", "INC10000000")).toEqual(["10001", "10002", "10000000"]);
    expect(numbersOf(7, "8", "12")).toEqual(["7", "8", "12"]);
    expect(numbersOf("none", "INC1-2", null, true)).toEqual(["none", "INC1-2", null, true]);
    expect(numbersOf("0", "1")).toEqual(["0", "1"]);
  });

  test.each([
    [["INC0010001", "REQ0010001"], 'Number is "REQ0010001", but others are INC…'],
    [["INC0010001", "INC010001"], "another length"],
    [["INC0010001", "INC10001"], 'Number is "INC10001", but INC0010001 has leading zeros'],
    [["INC10001", "INC0010001"], 'Number is "INC10001", but INC0010001 has leading zeros'],
  ])("is refused where two could be one: %j", (values, message) => {
    expect(() => numbersOf(...values)).toThrow(message);
  });
});

describe("a generated key", () => {
  const record = { Caller: "ann", Title: "printer", Count: 5, Empty: null };

  test("is negative, exact, and the same for the same values in any order and type", () => {
    const key = generatedKey("TKT-Ticket ID", []).keyOf(record) as number;
    expect(key).toBeLessThan(0);
    expect(Number.isSafeInteger(key)).toBe(true);
    const other = generatedKey("TKT-Ticket ID", []);
    expect(other.keyOf({ Title: "printer", Count: "5", Caller: "ann" })).toBe(key);
    expect(other.keyOf(record)).toBe(key);
    expect(other.keyOf({ ...record, Count: 6 })).not.toBe(key);
  });

  test("of some columns does not change with the others, and is refused for two records that differ", () => {
    const first = generatedKey("TKT-Ticket ID", ["Caller"]).keyOf(record);
    const keys = generatedKey("TKT-Ticket ID", ["Caller"]);
    expect(keys.keyOf({ ...record, Title: "screen" })).toBe(first);
    expect(keys.keyOf({ ...record, Title: "screen" })).toBe(first);
    expect(() => keys.keyOf(record)).toThrow(
      'Record 3 of the file would get the key of an earlier record that differs from it (Caller="ann")',
    );
  });

  test("needs a view whose key is a number, a file without that key, and columns of the file", () => {
    const file = { fields: ["Caller", "Title"], fieldsAre: "all" } as const;
    const rule = { kind: "generated", columns: ["caller"] } as const;
    expect(mapRecords(tickets, file, [], rule).key?.field).toBe("TKT-Ticket ID");
    expect(() => mapRecords(timesheets, file, [], rule)).toThrow("The key of timesheets is not a number");
    expect(() => mapRecords(tickets, { ...file, fields: ["TKT-Ticket ID"] }, [], rule)).toThrow(
      "The file has the key",
    );
    expect(() => mapRecords(tickets, file, [], { ...rule, columns: ["Person"] })).toThrow(
      '--key-column names "Person"',
    );
  });
});

describe("a file of mappings", () => {
  test("is an object of names, and anything else is named in the error", async () => {
    const read = async (text: string) => readMappingFile(await fileOf("map.json", text));
    expect(await read('\uFEFF{"Number": "TKT-Ticket ID"}')).toEqual([
      { theirs: "Number", field: "TKT-Ticket ID" },
    ]);
    await expect(read("[]")).rejects.toThrow("is not a JSON object");
    await expect(read("{")).rejects.toThrow("is not JSON");
    await expect(read('{"Number": 5}')).rejects.toThrow('maps "Number" to 5');
    await expect(readMappingFile("/nowhere/map.json")).rejects.toThrow("cannot be read");
  });
});

import { describe, expect, it } from "vitest";
import { defineView, integer, timeOfDay } from "../../../../src/views/view.ts";
import { ConvertedRecords } from "../../../support/converted-records.ts";

const view = defineView({
  name: "entries",
  order: 9,
  columns: [integer("Id", { key: "required" }), timeOfDay("From", { key: "nullable" })],
});

function stored(from: unknown): unknown {
  const row = new ConvertedRecords(view).convert(JSON.stringify({ Id: 1, From: from }));
  return Array.isArray(row) ? row[1] : row;
}

describe("a time of day", () => {
  it("has one spelling, without seconds that are zero", () => {
    for (const spelling of ["9:00", "09:00", "09:00:00", "9:00:00", "09:00:00.0", "09:00:00.000000000"]) {
      expect(stored(spelling)).toBe("09:00");
    }
    expect(["0:00", "00:00:00", "23:59:59", "9:00:30", "12:00:30.000"].map(stored)).toEqual([
      "00:00",
      "00:00",
      "23:59:59",
      "09:00:30",
      "12:00:30",
    ]);
  });

  it("that is none stays as it is", () => {
    for (const text of [
      "24:00",
      "9:60",
      "9:00:60",
      "9:00:30.5",
      "9",
      "9:0",
      "009:00",
      "9:00 AM",
      " 9:00",
      "noon",
      "۹:۰۰",
      "9:00\n",
    ]) {
      expect(stored(text)).toBe(text);
    }
    expect(stored(9)).toBe("9");
    expect(stored(true)).toBe("true");
  });

  it("that is empty, null or absent in a key is null", () => {
    expect(["", null, undefined].map(stored)).toEqual([null, null, null]);
  });
});

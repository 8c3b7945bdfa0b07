import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RepeatedKeys } from "../../../src/load/repeated-keys.ts";
import { convertTimestamp } from "../../../src/views/values/timestamp.ts";
import { defineView, integer, text, timestamp } from "../../../src/views/view.ts";

const entries = defineView({
  name: "entries",
  order: 1,
  columns: [
    text("note"),
    text("user", { key: "required" }),
    timestamp("date", { key: "required" }),
    text("from", { key: "nullable" }),
    integer("ticket", { key: "nullable" }),
  ],
});

const utc = { name: "UTC", offsetOf: () => "+00:00" };

const DATE = "2024-05-06 00:00:00+00:00";

const key = fc.tuple(
  fc.string(),
  fc.constant(DATE),
  fc.option(fc.string()),
  fc.option(fc.integer().map(String)),
);

describe("the filter of repeated keys", () => {
  it("never misses a key that came before", () => {
    fc.assert(
      fc.property(fc.array(key, { maxLength: 200 }), (keys) => {
        const filter = new RepeatedKeys(entries);
        const seen = new Set<string>();
        for (const parts of keys) {
          const suspected = filter.mayRepeat(["any note", ...parts]);
          if (seen.has(JSON.stringify(parts))) expect(suspected).toBe(true);
          seen.add(JSON.stringify(parts));
        }
      }),
    );
  });

  it("suspects hardly any of 100,000 keys that differ", () => {
    const filter = new RepeatedKeys(entries);
    for (let ticket = 0; ticket < 100_000; ticket += 1)
      filter.mayRepeat([null, "kim", DATE, null, String(ticket)]);
    expect(filter.suspected).toBeLessThan(10);
  });

  it("tells null from an empty text, and where one column ends", () => {
    const filter = new RepeatedKeys(entries);
    const rows = [
      [null, "kim", DATE, null, null],
      [null, "kim", DATE, "", null],
      [null, "kim", DATE, null, "1"],
      [null, "kim", DATE, "1", null],
      [null, "ki", DATE, "m", null],
    ];
    expect(rows.map((row) => filter.mayRepeat(row))).toEqual([false, false, false, false, false]);
  });

  it("knows one instant in all its spellings", () => {
    const spellings = [
      "2024-05-06T10:00:00Z",
      "2024-05-06 10:00:00.000",
      "2024-05-06T20:00:00+10:00",
      "2024-05-06T12:00:00.0+0200",
      "6/5/2024 10:00",
    ];
    const filter = new RepeatedKeys(entries);
    const suspected = spellings.map((spelling) =>
      filter.mayRepeat([null, "kim", convertTimestamp(spelling, utc) as string, null, null]),
    );
    expect(suspected).toEqual([false, true, true, true, true]);
  });
});

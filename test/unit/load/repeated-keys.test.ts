import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CopyBinaryWriter } from "../../../src/database/copy/copy-binary.ts";
import { RepeatedKeys } from "../../../src/load/stage/repeated-keys.ts";
import { RecordConverter } from "../../../src/views/record-converter.ts";
import { timeZoneNamed } from "../../../src/views/values/time-zone.ts";
import { defineView, integer, numeric, text, timestamp } from "../../../src/views/view.ts";

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

const DATE = Date.UTC(2024, 4, 6) * 1000;

/** The values of a row, in the columns' order. */
type Row = readonly [
  note: string | null,
  user: string,
  date: number | bigint,
  from: string | null,
  ticket: number | null,
];

/** Writes rows as COPY would send them, and asks a filter about each. */
function filterOf() {
  const filter = new RepeatedKeys(entries);
  const rows = new CopyBinaryWriter(entries.columns.length);
  return {
    filter,
    mayRepeat: ([note, user, date, from, ticket]: Row): boolean => {
      rows.beginRow();
      rows.writeText(note);
      rows.writeText(user);
      rows.writeTimestamp(date);
      rows.writeText(from);
      if (ticket === null) rows.writeNull();
      else rows.writeInteger(ticket);
      const repeats = filter.mayRepeat(rows);
      rows.endRow();
      return repeats;
    },
  };
}

const key = fc.tuple(fc.string(), fc.constant(DATE), fc.option(fc.string()), fc.option(fc.integer()));

describe("the filter of repeated keys", () => {
  it("never misses a repeated key", () => {
    fc.assert(
      fc.property(fc.array(key, { maxLength: 200 }), (keys) => {
        const { mayRepeat } = filterOf();
        const seen = new Set<string>();
        for (const parts of keys) {
          const possibleDuplicates = mayRepeat(["any note", ...parts]);
          if (seen.has(JSON.stringify(parts))) expect(possibleDuplicates).toBe(true);
          seen.add(JSON.stringify(parts));
        }
      }),
    );
  });

  it("knows the keys from before it has grown", () => {
    const { filter, mayRepeat } = filterOf();
    const tickets = Array.from({ length: 5000 }, (_, ticket) => ticket);
    for (const ticket of tickets) mayRepeat([null, "kim", DATE, null, ticket]);
    const before = filter.possibleDuplicates;
    expect(before).toBeLessThan(3);
    for (const ticket of tickets) mayRepeat([null, "kim", DATE, null, ticket]);
    expect(filter.possibleDuplicates).toBe(before + tickets.length);
  });

  it("reports almost none of 100,000 distinct keys", () => {
    const { filter, mayRepeat } = filterOf();
    for (let ticket = 0; ticket < 100_000; ticket += 1) mayRepeat([null, "kim", DATE, null, ticket]);
    expect(filter.possibleDuplicates).toBeLessThan(10);
  });

  it("distinguishes null from an empty text, and where one column ends", () => {
    const { mayRepeat } = filterOf();
    const rows: Row[] = [
      [null, "kim", DATE, null, null],
      [null, "kim", DATE, "", null],
      [null, "kim", DATE, null, 0],
      [null, "kim", DATE, null, 1],
      [null, "kim", DATE, "1", null],
      [null, "ki", DATE, "m", null],
    ];
    expect(rows.map(mayRepeat)).toEqual(rows.map(() => false));
    expect(rows.map(mayRepeat)).toEqual(rows.map(() => true));
  });

  it("knows exactly which integer keys have come, in any order and of any size", () => {
    const view = defineView({ name: "entries", order: 1, columns: [integer("id", { key: "required" })] });
    const edges = [
      0n,
      -1n,
      2n ** 63n - 1n,
      -(2n ** 63n),
      2n ** 32n,
      2n ** 31n,
      2n ** 16n,
      2n ** 16n - 1n,
      -(2n ** 16n),
    ];
    const id = fc.oneof(
      fc.constantFrom(...edges),
      fc.bigInt({ min: 0n, max: 300n }),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    );
    fc.assert(
      fc.property(fc.array(id, { maxLength: 300 }), (ids) => {
        const filter = new RepeatedKeys(view);
        const rows = new CopyBinaryWriter(1);
        const seen = new Set<bigint>();
        for (const value of ids) {
          rows.beginRow();
          rows.writeInteger(value);
          expect(filter.mayRepeat(rows)).toBe(seen.has(value));
          seen.add(value);
        }
        expect(filter.possibleDuplicates).toBe(ids.length - seen.size);
      }),
    );
  });

  it("never misses an integer key when they are too far apart for a set", () => {
    const view = defineView({ name: "entries", order: 1, columns: [integer("id", { key: "required" })] });
    const filter = new RepeatedKeys(view);
    const rows = new CopyBinaryWriter(1);
    const mayRepeat = (value: number): boolean => {
      rows.beginRow();
      rows.writeInteger(value);
      return filter.mayRepeat(rows);
    };
    const ids = Array.from({ length: 20_000 }, (_, index) => index * 1_000_003);
    for (const id of ids) mayRepeat(id);
    const before = filter.possibleDuplicates;
    expect(before).toBeLessThan(3);
    expect(ids.map(mayRepeat)).toEqual(ids.map(() => true));
    expect(filter.possibleDuplicates).toBe(before + ids.length);
  });

  it.each([
    [
      "instant",
      timestamp("value", { key: "required" }),
      [
        "2024-05-06T10:00:00Z",
        "2024-05-06 10:00:00.000",
        "2024-05-06T20:00:00+10:00",
        "2024-05-06T12:00:00.0+0200",
        "6/5/2024 10:00",
      ],
    ],
    [
      "number",
      numeric("value", { key: "required" }),
      ["75", "75.0", "75,000", "+75", "0750e-1", 75, "7.5e1"],
    ],
    ["zero", numeric("value", { key: "required" }), ["0", "-0", "0.00", "0e5"]],
    ["whole number", integer("value", { key: "required" }), ["7", 7, "07", "7.0", "+7"]],
  ])("knows one %s in all its spellings", async (_case, column, spellings) => {
    const view = defineView({ name: "entries", order: 1, columns: [column] });
    const filter = new RepeatedKeys(view);
    const converter = new RecordConverter(view, await timeZoneNamed("UTC"));
    const rows = new CopyBinaryWriter(view.columns.length + 1);
    const possibleDuplicates = (spellings as readonly unknown[]).map((value) => {
      rows.beginRow();
      converter.convertParsed({ value }, JSON.stringify({ value }), rows);
      return filter.mayRepeat(rows);
    });
    expect(possibleDuplicates).toEqual(spellings.map((_, index) => index > 0));
  });
});

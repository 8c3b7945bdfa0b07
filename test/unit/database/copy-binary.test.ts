import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { describe, expect, it } from "vitest";
import { CopyBinaryWriter } from "../../../src/database/copy/copy-binary.ts";
import { readCopyRows } from "../../support/copy-rows.ts";

const TYPES = ["text", "text", "integer", "timestamp", "numeric", "boolean", "json"] as const;

/** The range of a number that `writeInteger` takes, and of a bigint column. */
const integers = fc.oneof(fc.maxSafeInteger(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));

const texts = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.constantFrom("", "\\N", "\n\t\\", "€😀", "x".repeat(1000)),
);

const rows = fc.record({
  text: fc.option(texts),
  // Beside what is written: only the part from `start` on is the value.
  bytes: fc.option(fc.record({ before: fc.nat(5), text: texts })),
  integer: fc.option(integers),
  microseconds: fc.option(fc.integer({ min: -(2 ** 52), max: 2 ** 52 })),
  numeric: fc.option(
    fc
      .tuple(fc.stringMatching(/^-?[1-9]\d{0,40}$/), fc.stringMatching(/^(?:\.\d{1,40})?$/))
      .map((parts) => parts.join("")),
  ),
  boolean: fc.option(fc.boolean()),
  json: fc.option(fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue())),
});

/** Calls `write` with a value that is there. */
function writeOrNull<T>(writer: CopyBinaryWriter, value: T | null, write: (value: T) => void): void {
  if (value === null) writer.writeNull();
  else write(value);
}

const instant = (microseconds: number) =>
  Temporal.Instant.from("2000-01-01T00:00:00Z").add({ microseconds }).toString();

/** The bytes of one value, in hex: its length, then itself. */
function encoded(write: (writer: CopyBinaryWriter) => void): string {
  const writer = new CopyBinaryWriter(1);
  writer.beginRow();
  write(writer);
  writer.endRow();
  return writer.take().toString("hex", 2);
}

describe("rows written for COPY", () => {
  it("are read as the same rows, whatever their values", () => {
    fc.assert(
      fc.property(fc.array(rows, { maxLength: 8 }), (written) => {
        const writer = new CopyBinaryWriter(TYPES.length);
        for (const { text, bytes, integer, microseconds, numeric, boolean, json } of written) {
          writer.beginRow();
          writer.writeText(text);
          writeOrNull(writer, bytes, ({ before, text: value }) => {
            const source = Buffer.from(`${"?".repeat(before)}${value}?`);
            writer.writeTextBytes(source, before, source.length - 1);
          });
          writeOrNull(writer, integer, (value) => {
            writer.writeInteger(value);
          });
          writeOrNull(writer, microseconds, (value) => {
            writer.writeTimestamp(value);
          });
          writeOrNull(writer, numeric, (value) => {
            writer.writeNumeric(value);
          });
          writeOrNull(writer, boolean, (value) => {
            writer.writeBoolean(value);
          });
          writeOrNull(writer, json, (value) => {
            writer.writeJson(JSON.stringify(value));
          });
          writer.endRow();
        }
        expect(readCopyRows(writer.take(), TYPES)).toEqual(
          written.map(({ text, bytes, integer, microseconds, numeric, boolean, json }) => [
            text,
            bytes?.text ?? null,
            integer?.toString() ?? null,
            microseconds === null ? null : instant(microseconds),
            numeric,
            boolean === null ? null : boolean ? "t" : "f",
            json === null ? null : JSON.stringify(json),
          ]),
        );
      }),
      { numRuns: 150 },
    );
  });

  it.each([
    ["0", "0000 0000 0000 0000"],
    ["-0.00", "0000 0000 0000 0002"],
    ["0e-3", "0000 0000 0000 0003"],
    ["1", "0001 0000 0000 0000 0001"],
    ["+1.", "0001 0000 0000 0000 0001"],
    ["-7.50", "0002 0000 4000 0002 0007 1388"],
    ["10000", "0001 0001 0000 0000 0001"],
    ["1e4", "0001 0001 0000 0000 0001"],
    ["1.5E+1", "0001 0000 0000 0000 000f"],
    ["0001.10", "0002 0000 0000 0002 0001 03e8"],
    [".0001", "0001 ffff 0000 0004 0001"],
    ["1e-5", "0001 fffe 0000 0005 03e8"],
    ["12345678.9", "0003 0001 0000 0001 04d2 162e 2328"],
    ["100000000.00000001", "0005 0002 0000 0008 0001 0000 0000 0000 0001"],
  ])("hold the numeric %s as numeric_send writes it", (text, expected) => {
    const value = expected.replaceAll(" ", "");
    const length = (value.length / 2).toString(16).padStart(8, "0");
    const write = (writer: CopyBinaryWriter) => {
      writer.writeNumeric(text);
    };
    expect(encoded(write)).toBe(length + value);
  });

  it("have the bytes that the format requires", () => {
    const writer = new CopyBinaryWriter(6);
    writer.beginRow();
    writer.writeNull();
    writer.writeText("é");
    writer.writeInteger(-2);
    writer.writeTimestamp(2 ** 33 + 1);
    writer.writeBoolean(true);
    writer.writeJson("{}");
    writer.endRow();
    expect(writer.take().toString("hex")).toBe(
      [
        "0006",
        "ffffffff",
        "00000002 c3a9",
        "00000008 fffffffffffffffe",
        "00000008 0000000200000001",
        "00000001 01",
        "00000003 01 7b7d",
      ]
        .join("")
        .replaceAll(" ", ""),
    );
  });

  it("are removed by take, and stay after peek", () => {
    const writer = new CopyBinaryWriter(1);
    const write = (text: string) => {
      writer.beginRow();
      writer.writeText(text);
      writer.endRow();
    };
    write("1");
    expect(readCopyRows(writer.peek(), ["text"])).toEqual([["1"]]);
    expect(readCopyRows(writer.peek(), ["text"])).toEqual([["1"]]);
    write("2");
    const taken = writer.take();
    write("3");
    expect(readCopyRows(taken, ["text"]), "whoever sends it may still read it").toEqual([["1"], ["2"]]);
    expect(readCopyRows(writer.take(), ["text"])).toEqual([["3"]]);
    expect(writer.take()).toHaveLength(0);
  });

  it("may each be larger than the buffer", () => {
    const writer = new CopyBinaryWriter(2);
    const texts = [1, 100_000, 3, 1_000_000, 200_000].map((length) => "€".repeat(length));
    for (const text of texts) {
      const bytes = Buffer.from(text);
      writer.beginRow();
      writer.writeText(text);
      writer.writeTextBytes(bytes, 0, bytes.length);
      writer.endRow();
    }
    expect(readCopyRows(writer.take(), ["text", "text"])).toEqual(texts.map((text) => [text, text]));
  });

  it("count only when they are complete: an incomplete row is discarded", () => {
    const writer = new CopyBinaryWriter(2);
    expect(writer.pending).toBe(0);
    for (const [text, isFinished] of [
      ["a", true],
      ["b".repeat(100_000), false],
      ["c", true],
      ["d", false],
    ] as const) {
      writer.beginRow();
      writer.writeText(text);
      if (!isFinished) continue;
      writer.writeNull();
      writer.endRow();
    }
    expect(writer.pending).toBe(writer.peek().length);
    expect(readCopyRows(writer.take(), ["text", "text"])).toEqual([
      ["a", null],
      ["c", null],
    ]);
    expect(writer.pending).toBe(0);
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CopyTextWriter } from "../../../src/database/copy-text.ts";

/**
 * Reads COPY's text format as PostgreSQL does
 * (https://www.postgresql.org/docs/current/sql-copy.html, "Text Format").
 */
function readCopyText(bytes: Buffer): (string | null)[][] {
  const text = bytes.toString("utf8");
  if (text === "") return [];
  expect(text.endsWith("\n")).toBe(true);
  expect(text).not.toContain("\r");
  const escapes: Record<string, string> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };
  return text
    .slice(0, -1)
    .split("\n")
    .map((line) => {
      expect(line, "the end-of-data marker").not.toBe("\\.");
      return line
        .split("\t")
        .map((field) =>
          field === "\\N"
            ? null
            : field.replace(/\\(.)/gu, (_, character: string) => escapes[character] ?? character),
        );
    });
}

/** Texts full of what the format itself uses. */
const value = fc.oneof(
  fc.string({
    unit: fc.constantFrom("\\", "\t", "\n", "\r", "N", ".", "n", "t", "x", "7", "\b", "€", "😀", "\u2028"),
  }),
  fc.string({ unit: "grapheme" }),
  fc.constantFrom(null, "", "\\N", "\\.", "NULL", "\\", "\\\\N", "\r\n"),
);

const tables = fc
  .integer({ min: 1, max: 4 })
  .chain((columns) =>
    fc.array(fc.array(value, { minLength: columns, maxLength: columns }), { maxLength: 8 }),
  );

describe("rows written for COPY", () => {
  it("are read as the same rows, whatever their texts hold", () => {
    fc.assert(
      fc.property(tables, (rows) => {
        const writer = new CopyTextWriter();
        for (const row of rows) writer.writeRow(row);
        expect(readCopyText(writer.take())).toEqual(rows);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    [["a", "b"], "a\tb\n"],
    [[null, "", "\\N"], "\\N\t\t\\\\N\n"],
    [["\\."], "\\\\.\n"],
    [["a\tb\nc\rd\\e"], "a\\tb\\nc\\rd\\\\e\n"],
    [["é€😀"], "é€😀\n"],
  ])("%j are the bytes that the format demands", (row, expected) => {
    const writer = new CopyTextWriter();
    writer.writeRow(row);
    expect(writer.take().toString("utf8")).toBe(expected);
  });

  it("are taken once, and stay when they are only looked at", () => {
    const writer = new CopyTextWriter();
    writer.writeRow(["1"]);
    expect(String(writer.peek())).toBe("1\n");
    expect(String(writer.peek())).toBe("1\n");
    writer.writeRow(["2"]);
    expect(String(writer.take())).toBe("1\n2\n");
    expect(writer.take()).toHaveLength(0);
  });

  it("that wait are never more characters than bytes", () => {
    const writer = new CopyTextWriter();
    expect(writer.pending).toBe(0);
    writer.writeRow(["€😀", null]);
    expect(writer.pending).toBeGreaterThan(0);
    expect(writer.pending).toBeLessThanOrEqual(writer.peek().length);
    writer.take();
    expect(writer.pending).toBe(0);
  });
});

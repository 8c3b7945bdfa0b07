import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { storableText } from "../../../../src/views/values/text.ts";
import { ConvertedValues } from "../../../support/converted-records.ts";

const noRepairs = () => ({ nulsRemoved: 0, surrogatesReplaced: 0 });

/** Strings of UTF-16 code units, halves of pairs and U+0000 among them. */
const codeUnits = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0x20, max: 0xffff }),
      fc.integer({ min: 0xd800, max: 0xdfff }),
      fc.constantFrom(0, 9, 10, 13, 0x5c, 0x7f),
    ),
    { maxLength: 20 },
  )
  .map((units) => String.fromCharCode(...units));

function nestedLists(levels: number): string {
  return `${"[".repeat(levels)}"core"${"]".repeat(levels)}`;
}

describe("a text", () => {
  it("that PostgreSQL can store is kept exactly", () => {
    const texts = new ConvertedValues("text");
    fc.assert(
      fc.property(codeUnits, (units) => {
        const text = units.replaceAll("\0", "").toWellFormed();
        expect(texts.convert(text)).toBe(text);
        expect(texts.repairs).toEqual(noRepairs());
      }),
    );
  });

  it("that is empty, blank or a control character stays as it is", () => {
    const texts = new ConvertedValues("text");
    for (const text of ["", " ", "\t\r\n", "\u007f\u009b", "\\N", "\\.", "null"]) {
      expect(texts.convert(text)).toBe(text);
    }
  });

  it("loses U+0000, and each loss is counted", () => {
    const repairs = noRepairs();
    expect(storableText("\0a\0\0b\0", repairs)).toBe("ab");
    expect(repairs).toEqual({ nulsRemoved: 4, surrogatesReplaced: 0 });
  });

  it("has each half of a surrogate pair replaced by U+FFFD, and each is counted; whole pairs stay", () => {
    const repairs = noRepairs();
    expect(storableText("\uD83Dx\uDE00 😀 \uDE00\uD83D", repairs)).toBe("\uFFFDx\uFFFD 😀 \uFFFD\uFFFD");
    expect(repairs).toEqual({ nulsRemoved: 0, surrogatesReplaced: 4 });
  });

  it("can always be stored, and the counts explain every difference", () => {
    fc.assert(
      fc.property(codeUnits, (text) => {
        const repairs = noRepairs();
        const texts = new ConvertedValues("text");
        const stored = storableText(text, repairs);
        expect(stored.isWellFormed()).toBe(true);
        expect(stored).not.toContain("\0");
        expect(stored.length).toBe(text.length - repairs.nulsRemoved);
        expect(stored).toBe(text.replaceAll("\0", "").toWellFormed());
        expect(storableText(stored, noRepairs())).toBe(stored);
        expect(texts.convert(text)).toBe(stored);
        expect(texts.repairs).toEqual(repairs);
      }),
      { numRuns: 300 },
    );
  });

  it("that is absent or null is null", () => {
    const texts = new ConvertedValues("text");
    expect(texts.convert(null)).toBeNull();
    expect(texts.convert(undefined)).toBeNull();
  });

  it("that is a boolean, number, list or object becomes its JSON", () => {
    const texts = new ConvertedValues("text");
    expect(texts.convert(false)).toBe("false");
    expect(texts.convert(true)).toBe("true");
    expect(texts.convert(12)).toBe("12");
    expect(texts.convert(["a", { b: null }])).toBe('["a",{"b":null}]');
  });

  it("may be nested 500 levels deep, but no deeper", () => {
    const texts = new ConvertedValues("text");
    expect(texts.convertJson(nestedLists(500))).toBe(nestedLists(500));
    for (const levels of [501, 1_000_000]) {
      expect(texts.convertJson(nestedLists(levels))).toMatchObject({ reason: "too_deep", field: "value" });
    }
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TOO_DEEP } from "../../../../src/views/values/nesting.ts";
import { convertText, storableText } from "../../../../src/views/values/text.ts";

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

function nestedLists(levels: number): unknown {
  let value: unknown = "core";
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}

describe("a text", () => {
  it("that PostgreSQL can hold is kept exactly", () => {
    fc.assert(
      fc.property(codeUnits, (units) => {
        const text = units.replaceAll("\0", "").toWellFormed();
        const repairs = noRepairs();
        expect(convertText(text, repairs)).toBe(text);
        expect(repairs).toEqual(noRepairs());
      }),
    );
  });

  it("that is empty, blank or a control character stays as it is", () => {
    for (const text of ["", " ", "\t\r\n", "\u007f\u009b", "\\N", "\\.", "null"]) {
      expect(convertText(text, noRepairs())).toBe(text);
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
        const stored = storableText(text, repairs);
        expect(stored.isWellFormed()).toBe(true);
        expect(stored).not.toContain("\0");
        expect(stored.length).toBe(text.length - repairs.nulsRemoved);
        expect(stored).toBe(text.replaceAll("\0", "").toWellFormed());
        expect(storableText(stored, noRepairs())).toBe(stored);
      }),
      { numRuns: 300 },
    );
  });

  it("that is absent or null is null", () => {
    expect(convertText(null, noRepairs())).toBeNull();
    expect(convertText(undefined, noRepairs())).toBeNull();
  });

  it("that is a boolean, number, list or object becomes its JSON", () => {
    expect(convertText(false, noRepairs())).toBe("false");
    expect(convertText(12, noRepairs())).toBe("12");
    expect(convertText(["a", { b: null }], noRepairs())).toBe('["a",{"b":null}]');
  });

  it("may be nested 500 levels deep, and not one more", () => {
    expect(convertText(nestedLists(500), noRepairs())).toBe(`${"[".repeat(500)}"core"${"]".repeat(500)}`);
    expect(convertText(nestedLists(501), noRepairs())).toBe(TOO_DEEP);
    expect(convertText(nestedLists(1_000_000), noRepairs())).toBe(TOO_DEEP);
  });
});

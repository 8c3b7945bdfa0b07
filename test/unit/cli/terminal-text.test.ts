import cliTruncate from "cli-truncate";
import fc from "fast-check";
import stringWidth from "string-width";
import { expect, test } from "vitest";
import { cutText, textWidth } from "../../../src/cli/render/terminal-text.ts";

/** Texts of plain, wide, combining and invisible characters, in which runs of plain ones are frequent. */
const texts = fc
  .array(
    fc.oneof(
      {
        weight: 3,
        arbitrary: fc.string({ unit: fc.constantFrom(...Array.from("aZ09 .-~äß©®½»…→–")), maxLength: 12 }),
      },
      fc.constantFrom("日本", "👍", "👨‍👩‍👧", "e\u0301", "\u00AD", "\u200B", "⚠️", "©️"),
    ),
    { maxLength: 3 },
  )
  .map((parts) => parts.join(""));

test("a text has the width and is cut as by the libraries, whether they are needed or not", () => {
  fc.assert(
    fc.property(texts, fc.integer({ min: 0, max: 30 }), (text, width) => {
      expect([text, textWidth(text)]).toEqual([text, stringWidth(text)]);
      expect([text, cutText(text, width)]).toEqual([text, cliTruncate(text, width)]);
    }),
    { numRuns: 500 },
  );
});

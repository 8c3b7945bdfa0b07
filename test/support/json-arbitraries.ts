import fc from "fast-check";

/** White space as JSON allows it between values. */
export const jsonSpace = fc.stringMatching(/^[ \t\r\n]{0,3}$/);

/** Numbers of every form that JSON allows. */
const jsonNumber = fc
  .tuple(
    fc.constantFrom("", "-"),
    fc.oneof(fc.constant("0"), fc.stringMatching(/^[1-9]\d{0,20}$/)),
    fc.option(fc.stringMatching(/^\.\d{1,8}$/), { nil: "" }),
    fc.option(fc.stringMatching(/^[eE][+-]?\d{1,3}$/), { nil: "" }),
  )
  .map((parts) => parts.join(""));

/** A character, or half of a surrogate pair, written in `\u` escapes with small or capital digits. */
const unicodeEscape = fc
  .tuple(
    fc.oneof(
      fc.integer({ min: 0, max: 0x10_ffff }),
      fc.integer({ min: 0, max: 0x7f }),
      fc.integer({ min: 0xd800, max: 0xdfff }),
    ),
    fc.boolean(),
  )
  .map(([codePoint, capital]) =>
    String.fromCodePoint(codePoint)
      .split("")
      .map((unit) => unit.charCodeAt(0).toString(16).padStart(4, "0"))
      .map((digits) => `\\u${capital ? digits.toUpperCase() : digits}`)
      .join(""),
  );

/** Strings with every kind of character and escape, among them U+0000 and halves of surrogate pairs. */
const jsonString = fc
  .array(
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc.string({ unit: "grapheme" }).map((text) => JSON.stringify(text).slice(1, -1)),
      },
      { weight: 3, arbitrary: fc.constantFrom('\\"', "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t") },
      { weight: 2, arbitrary: fc.constantFrom("/", "{", "}", "[", ",", ":", "\u007f", "\u2028", "ß€😀") },
      { weight: 1, arbitrary: unicodeEscape },
    ),
    { maxLength: 6 },
  )
  .map((pieces) => `"${pieces.join("")}"`);

/** Values that are neither a list nor an object. */
export const jsonScalar = fc.oneof(
  { weight: 4, arbitrary: jsonString },
  { weight: 4, arbitrary: jsonNumber },
  { weight: 1, arbitrary: fc.constantFrom("null", "true", "false", '""', "0", "-0") },
);

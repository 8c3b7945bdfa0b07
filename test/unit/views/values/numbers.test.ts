import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BadValue } from "../../../../src/views/values/bad-value.ts";
import { convertBoolean } from "../../../../src/views/values/boolean.ts";
import { convertInteger } from "../../../../src/views/values/integer.ts";
import { convertNumeric } from "../../../../src/views/values/numeric.ts";

/** The reason code of a value that was refused; the converted text of one that was not. */
function reasonOf(converted: unknown): unknown {
  return converted instanceof BadValue ? converted.reason : `accepted as ${String(converted)}`;
}

describe.each([
  ["an integer", convertInteger],
  ["a numeric", convertNumeric],
  ["a boolean", convertBoolean],
])("%s", (_type, convert) => {
  it("that is absent, null or an empty text is null", () => {
    for (const nothing of [undefined, null, ""]) expect(convert(nothing)).toBeNull();
  });

  it("is no list and no object", () => {
    for (const value of [[], {}, [1], { value: 1 }]) expect(convert(value)).toBeInstanceOf(BadValue);
  });
});

describe("an integer", () => {
  it.each([
    [123, "123"],
    [-5, "-5"],
    [-0, "0"],
    [123.0, "123"],
    [Number.MAX_SAFE_INTEGER, "9007199254740991"],
    ["123", "123"],
    ["+123", "123"],
    ["-123", "-123"],
    ["0123", "123"],
    ["123.0", "123"],
    ["123.000", "123"],
    ["9007199254740993", "9007199254740993"],
    ["9223372036854775807", "9223372036854775807"],
    ["-9223372036854775808", "-9223372036854775808"],
  ])("may be written %j", (value, expected) => {
    expect(convertInteger(value)).toBe(expected);
  });

  it.each([
    1.5,
    2 ** 53,
    -(2 ** 53),
    1e300,
    Number.POSITIVE_INFINITY,
    true,
    "1.5",
    "1e3",
    "1,000",
    "0x10",
    "--1",
    "-",
    ".0",
    " 1",
    "1 ",
    "1\n",
    "twelve",
    "9223372036854775808",
    "-9223372036854775809",
    "1".repeat(1_000_000),
    "١٢٣",
  ])("is not %j", (value) => {
    expect(reasonOf(convertInteger(value))).toBe("invalid_integer");
  });

  it("in a text is exact over the whole range of bigint, and refused beyond it", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }), (integer) => {
        const inRange = integer >= -(2n ** 63n) && integer < 2n ** 63n;
        const converted = convertInteger(integer.toString());
        if (inRange) expect(converted).toBe(integer.toString());
        else expect(reasonOf(converted)).toBe("invalid_integer");
      }),
    );
  });

  it("that JSON.parse would round is refused, never loaded as its neighbour", () => {
    expect(reasonOf(convertInteger(JSON.parse("9007199254740993")))).toBe("invalid_integer");
    expect(reasonOf(convertInteger(JSON.parse("1e400")))).toBe("invalid_integer");
  });
});

describe("a numeric", () => {
  it.each([
    [7.5, "7.5"],
    [0, "0"],
    [-1, "-1"],
    [1e21, "1e+21"],
    ["7,5", "7.5"],
    ["7.5", "7.5"],
    ["-0,25", "-0.25"],
    ["+3", "+3"],
    [".5", ".5"],
    ["5.", "5."],
    ["1e3", "1e3"],
    ["7.50", "7.50"],
    ["0.1000000000000000000000000001", "0.1000000000000000000000000001"],
    ["12345678901234567890.123", "12345678901234567890.123"],
    ["1e131071", "1e131071"],
    ["1e-16383", "1e-16383"],
  ])("may be written %j", (value, expected) => {
    expect(convertNumeric(value)).toBe(expected);
  });

  it.each([
    Number.POSITIVE_INFINITY,
    true,
    "NaN",
    "Infinity",
    ".",
    ",",
    "-",
    "e5",
    "1e",
    "1.2.3",
    "1.234,5",
    "1,234,567",
    "7 h",
    " 7",
    "7\n",
    "0x10",
    "1e131072",
    "1e-16384",
    "1e999999999",
    "1e9999999999",
    "9".repeat(131_073),
    `0.${"1".repeat(16_384)}`,
  ])("is not %j", (value) => {
    expect(reasonOf(convertNumeric(value))).toBe("invalid_numeric");
  });

  it("in a text keeps every digit, whatever stands between", () => {
    const digits = fc.stringMatching(/^\d{1,40}$/);
    fc.assert(
      fc.property(
        digits,
        digits,
        fc.constantFrom(".", ","),
        fc.constantFrom("", "-", "+"),
        (a, b, point, sign) => {
          expect(convertNumeric(`${sign}${a}${point}${b}`)).toBe(`${sign}${a}.${b}`);
        },
      ),
    );
  });

  it("of JSON is the same number again", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        expect(Number(convertNumeric(number))).toBe(number === 0 ? 0 : number);
      }),
    );
  });
});

describe("a boolean", () => {
  const anyCase = (word: string) =>
    fc
      .array(fc.boolean(), { minLength: word.length, maxLength: word.length })
      .map((upper) =>
        word.replace(/./g, (letter, at: number) => (upper[at] === true ? letter.toUpperCase() : letter)),
      );

  it("is true, yes, y and 1 in any case", () => {
    fc.assert(
      fc.property(fc.constantFrom("true", "yes", "y", "1").chain(anyCase), (word) => {
        expect(convertBoolean(word)).toBe("t");
      }),
    );
    expect(convertBoolean(true)).toBe("t");
    expect(convertBoolean(1)).toBe("t");
  });

  it("is false, no, n and 0 in any case", () => {
    fc.assert(
      fc.property(fc.constantFrom("false", "no", "n", "0").chain(anyCase), (word) => {
        expect(convertBoolean(word)).toBe("f");
      }),
    );
    expect(convertBoolean(false)).toBe("f");
    expect(convertBoolean(0)).toBe("f");
  });

  it.each(["t", "f", "on", "off", "ja", "maybe", " ", "true ", "2", "01", "1.0", 2, -1, 0.5])(
    "is not %j",
    (value) => {
      expect(reasonOf(convertBoolean(value))).toBe("invalid_boolean");
    },
  );
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConvertedValues } from "../../../support/converted-records.ts";

const integers = new ConvertedValues("integer");
const numerics = new ConvertedValues("numeric");
const booleans = new ConvertedValues("boolean");

const NO_INTEGER = { reason: "invalid_integer", field: "value" };
const NO_NUMERIC = { reason: "invalid_numeric", field: "value" };
const NO_BOOLEAN = { reason: "invalid_boolean", field: "value" };

describe.each([
  ["an integer", integers, NO_INTEGER],
  ["a numeric", numerics, NO_NUMERIC],
  ["a boolean", booleans, NO_BOOLEAN],
])("%s", (_type, values, rejection) => {
  it("that is absent, null or an empty text is null", () => {
    for (const nothing of [undefined, null, ""]) expect(values.convert(nothing)).toBeNull();
  });

  it("cannot be a list or an object", () => {
    for (const value of [[], {}, [1], { value: 1 }]) expect(values.convert(value)).toMatchObject(rejection);
  });
});

describe("an integer", () => {
  it.each([
    [123, "123"],
    [-5, "-5"],
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
    expect(integers.convert(value)).toBe(expected);
  });

  it.each([
    ["-0", "0"],
    ["123.0", "123"],
    ["1.5e1", "15"],
    ["12E+2", "1200"],
    ["-9007199254740991.0", "-9007199254740991"],
  ])("may be the JSON number %s", (json, expected) => {
    expect(integers.convertJson(json)).toBe(expected);
  });

  it.each([
    1.5,
    2 ** 53,
    -(2 ** 53),
    1e300,
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
    expect(integers.convert(value)).toMatchObject(NO_INTEGER);
  });

  it("in a text is exact over the whole range of bigint, and rejected beyond it", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }), (integer) => {
        const inRange = integer >= -(2n ** 63n) && integer < 2n ** 63n;
        const converted = integers.convert(integer.toString());
        if (inRange) expect(converted).toBe(integer.toString());
        else expect(converted).toMatchObject(NO_INTEGER);
      }),
    );
  });

  it("that JSON.parse would round is rejected, never loaded as another number", () => {
    for (const json of ["9007199254740993", "9007199254740993.0", "1e400", "-1e400"]) {
      expect(integers.convertJson(json)).toMatchObject(NO_INTEGER);
    }
  });
});

describe("a numeric", () => {
  it.each([
    [7.5, "7.5"],
    [0, "0"],
    [-1, "-1"],
    [1e21, "1000000000000000000000"],
    ["7,5", "7.5"],
    ["7.5", "7.5"],
    ["-0,25", "-0.25"],
    ["+3", "3"],
    [".5", "0.5"],
    ["5.", "5"],
    ["1e3", "1000"],
    ["7.50", "7.50"],
    ["0.1000000000000000000000000001", "0.1000000000000000000000000001"],
    ["12345678901234567890.123", "12345678901234567890.123"],
    ["1e131071", `1${"0".repeat(131_071)}`],
    ["1e-16383", `0.${"0".repeat(16_382)}1`],
  ])("may be written %j", (value, expected) => {
    expect(numerics.convert(value)).toBe(expected);
  });

  it.each([
    ["-0", "0"],
    ["7.50", "7.5"],
    ["75e-1", "7.5"],
    ["1E+2", "100"],
    ["12345678.25", "12345678.25"],
  ])("may be the JSON number %s", (json, expected) => {
    expect(numerics.convertJson(json)).toBe(expected);
  });

  it.each([
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
    expect(numerics.convert(value)).toMatchObject(NO_NUMERIC);
  });

  it("that is too large for JSON.parse is rejected, never loaded as infinity", () => {
    for (const json of ["1e400", "-1e400"]) expect(numerics.convertJson(json)).toMatchObject(NO_NUMERIC);
  });

  it("in a text keeps every digit, with any decimal separator or exponent", () => {
    const digits = fc.stringMatching(/^\d{1,40}$/);
    fc.assert(
      fc.property(
        digits,
        digits,
        fc.constantFrom(".", ","),
        fc.constantFrom("", "-", "+"),
        (a, b, point, sign) => {
          const isNegative = sign === "-" && /[1-9]/.test(a + b);
          expect(numerics.convert(`${sign}${a}${point}${b}`)).toBe(
            `${isNegative ? "-" : ""}${a.replace(/^0+(?=\d)/, "")}.${b}`,
          );
        },
      ),
    );
  });

  it("of JSON stays the same number", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        expect(Number(numerics.convert(number))).toBe(number === 0 ? 0 : number);
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
        expect(booleans.convert(word)).toBe("t");
      }),
    );
    expect(booleans.convert(true)).toBe("t");
    expect(booleans.convert(1)).toBe("t");
  });

  it("is false, no, n and 0 in any case", () => {
    fc.assert(
      fc.property(fc.constantFrom("false", "no", "n", "0").chain(anyCase), (word) => {
        expect(booleans.convert(word)).toBe("f");
      }),
    );
    expect(booleans.convert(false)).toBe("f");
    expect(booleans.convert(0)).toBe("f");
  });

  it.each(["t", "f", "on", "off", "ja", "maybe", " ", "true ", "2", "01", "1.0", 2, -1, 0.5])(
    "is not %j",
    (value) => {
      expect(booleans.convert(value)).toMatchObject(NO_BOOLEAN);
    },
  );

  it("may be written as a number in any way that means 0 or 1", () => {
    for (const json of ["1.0", "10e-1"]) expect(booleans.convertJson(json)).toBe("t");
    for (const json of ["-0", "0.0", "0e5"]) expect(booleans.convertJson(json)).toBe("f");
  });
});

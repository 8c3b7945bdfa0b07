import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parsePercentage, percentageOf, ratioOf } from "../../../src/config/values/percentage.ts";

/** A decimal number from 0 to 100 with up to four decimals, as text and in millionths of the whole. */
const percentage = fc.nat(1_000_000).map((millionths) => ({
  millionths,
  text: `${Math.floor(millionths / 10_000)}.${String(millionths % 10_000).padStart(4, "0")}`,
}));

describe("a percentage", () => {
  it("is read with and without its sign, and with spaces", () => {
    const half = { numerator: 50n, denominator: 100n };
    for (const text of ["50", "50%", "50 %", " 50% "]) expect(parsePercentage(text)).toEqual(half);
    expect(parsePercentage("0.570%")).toEqual({ numerator: 570n, denominator: 100_000n });
  });

  it.each(["", "%", "-1%", "1e1", ".5", "5.", "1,5", "5%%", "100.01", "1000", "NaN"])("is not %j", (text) => {
    expect(parsePercentage(text)).toBeUndefined();
  });

  it("of a count is rounded down, and only where necessary", () => {
    fc.assert(
      fc.property(percentage, fc.nat(2_000_000), ({ millionths, text }, count) => {
        const part = percentageOf(parsePercentage(text)!, count);
        expect(part * 1_000_000).toBeLessThanOrEqual(millionths * count);
        expect((part + 1) * 1_000_000).toBeGreaterThan(millionths * count);
      }),
    );
  });

  it("as a ratio is exceeded by exactly the larger shares", () => {
    fc.assert(
      fc.property(
        percentage,
        fc.integer({ min: 1, max: 1000 }),
        fc.nat(1000),
        ({ millionths, text }, whole, some) => {
          const part = some % (whole + 1);
          expect(part / whole > ratioOf(parsePercentage(text)!)).toBe(part * 1_000_000 > millionths * whole);
        },
      ),
    );
    for (let hundredths = 0; hundredths <= 10_000; hundredths += 1) {
      expect(ratioOf(parsePercentage(String(hundredths / 100))!)).toBe(hundredths / 10_000);
    }
  });
});

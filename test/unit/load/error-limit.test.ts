import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { maximumErrors, parseErrorLimit } from "../../../src/load/guards/error-limit.ts";

describe("the error limit", () => {
  it.each([
    ["0.57%", 10_000, 57],
    ["0.29%", 10_000, 29],
    ["1.1%", 1000, 11],
    ["0.1%", 999, 0],
    ["0%", 1000, 0],
    ["100%", 850_727, 850_727],
    ["50%", 5, 2],
    ["33.3%", 1000, 333],
    ["2.50%", 200, 5],
    ["0.00000000000000000001%", 850_727, 0],
  ])("of %s allows, of %i records, %i", (text, fetched, allowed) => {
    expect(maximumErrors(parseErrorLimit(text), fetched)).toBe(allowed);
  });

  it("allows as many of ten thousand records as it has hundredths of a percent", () => {
    for (let hundredths = 0; hundredths <= 10_000; hundredths += 1) {
      const text = `${Math.floor(hundredths / 100)}.${String(hundredths % 100).padStart(2, "0")}%`;
      expect(maximumErrors(parseErrorLimit(text), 10_000)).toBe(hundredths);
    }
  });

  it("is exact for any percentage of up to four decimals and any number of records", () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.nat(2_000_000), (millionths, fetched) => {
        const text = `${Math.floor(millionths / 10_000)}.${String(millionths % 10_000).padStart(4, "0")}%`;
        const allowed = maximumErrors(parseErrorLimit(text), fetched);
        expect(allowed * 1_000_000).toBeLessThanOrEqual(millionths * fetched);
        expect((allowed + 1) * 1_000_000).toBeGreaterThan(millionths * fetched);
      }),
    );
  });

  it("is a hundred records or one in a hundred, whichever is more, unless it is given", () => {
    const allowed = [0, 9_999, 10_099, 10_100, 850_799].map((fetched) =>
      maximumErrors({ kind: "default" }, fetched),
    );
    expect(allowed).toEqual([100, 100, 100, 101, 8507]);
  });

  it.each(["", "%", "-1", "1.5", "1e3", "100.0000000000000000001%", "101%", "1,5%", "9007199254740992"])(
    "is not %j",
    (text) => {
      expect(() => parseErrorLimit(text)).toThrow(
        expect.objectContaining({ code: "usage", message: expect.stringContaining(`"${text}"`) }),
      );
    },
  );

  it("may have spaces around it and before the sign", () => {
    expect(maximumErrors(parseErrorLimit(" 50 "), 10)).toBe(50);
    expect(maximumErrors(parseErrorLimit(" 50 % "), 10)).toBe(5);
  });
});

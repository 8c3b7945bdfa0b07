import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { indentJson } from "../../../src/web/quarantine/indent-json.ts";

describe("a raw record, indented", () => {
  test("has one field per line, and every token unchanged", () => {
    const raw =
      '{"id":12345678901234567890, "id" : 1.50,"list":[],"of":[{"a":"x, {y}: \\"z\\""}],"none":{ }}';
    expect(indentJson(raw)).toBe(
      [
        "{",
        '  "id": 12345678901234567890,',
        '  "id": 1.50,',
        '  "list": [],',
        '  "of": [',
        "    {",
        '      "a": "x, {y}: \\"z\\""',
        "    }",
        "  ],",
        '  "none": {}',
        "}",
      ].join("\n"),
    );
  });

  test("has the same value as before", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (raw) => {
        expect(JSON.parse(indentJson(raw))).toEqual(JSON.parse(raw));
      }),
    );
  });

  test("stays unchanged when it is not JSON", () => {
    expect(indentJson('{"cut": "sho')).toBe('{"cut": "sho');
  });

  test("does not grow with the square of its depth", () => {
    const depth = 20_000;
    expect(indentJson("[1,".repeat(depth) + "1" + "]".repeat(depth)).length).toBeLessThan(100 * depth);
  });
});

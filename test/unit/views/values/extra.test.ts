import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exactNumberIn, withExactNumbers } from "../../../../src/views/values/exact-number.ts";
import { ExtraFields } from "../../../../src/views/values/extra.ts";
import { NESTED_TOO_DEEP } from "../../../../src/views/values/nesting.ts";
import { integer, text } from "../../../../src/views/view.ts";

const columns = [integer("id", { key: "required" }), text("title")];

/** What `extra` gets of a record given as JSON. */
function collected(
  json: string,
  extra = new ExtraFields(),
  repairs = { nulsRemoved: 0, surrogatesReplaced: 0 },
) {
  const record = JSON.parse(json) as Record<string, unknown>;
  return extra.collect(extra.notice(record, columns), record, json, repairs);
}

describe("the extra column", () => {
  it("is null for a record of known fields only", () => {
    expect(collected('{"id":1,"title":"x"}')).toBeNull();
  });

  it("contains exactly the unknown fields, whatever their names", () => {
    const name = fc
      .oneof(fc.string(), fc.constantFrom("__proto__", "constructor", "toString", "id "))
      .filter((candidate) => candidate !== "id" && candidate !== "title");
    const fields = fc.uniqueArray(fc.tuple(name, fc.jsonValue({ maxDepth: 3 })), {
      selector: ([field]) => field,
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(fields, (unknown) => {
        const members = unknown.map(([field, value]) => `${JSON.stringify(field)}:${JSON.stringify(value)}`);
        const extra = collected(`{${['"id":1', ...members, '"title":2'].join(",")}}`);
        const kept = Object.entries(JSON.parse(extra as string) as Record<string, unknown>);
        // Compared as text: an assertion on an object with a field __proto__ would look at its prototype.
        const asText = (entries: [string, unknown][]) => entries.map((entry) => JSON.stringify(entry)).sort();
        expect(asText(kept)).toEqual(asText(unknown));
      }),
      { numRuns: 200 },
    );
  });

  it("keeps a field named __proto__ as a field", () => {
    expect(collected('{"id":1,"__proto__":{"admin":true},"constructor":1}')).toBe(
      '{"__proto__":{"admin":true},"constructor":1}',
    );
    expect(collected('{"id":1,"__proto__":"text"}')).toBe('{"__proto__":"text"}');
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it("keeps the digits of numbers that JSON.parse rounds, at any depth", () => {
    expect(collected('{"id":1,"a":9007199254740993,"b":[{"c":1.10}],"d":1e400,"e":-0}')).toBe(
      '{"a":9007199254740993,"b":[{"c":1.10}],"d":1e400,"e":-0}',
    );
  });

  it("contains a number that is too large for numeric as a text", () => {
    expect(collected('{"id":1,"huge":1e200000,"tiny":[1e-20000]}')).toBe(
      '{"huge":"1e200000","tiny":["1e-20000"]}',
    );
  });

  it("contains nothing that jsonb rejects, in names and values, and counts the repairs", () => {
    const repairs = { nulsRemoved: 0, surrogatesReplaced: 0 };
    const json = String.raw`{"id":1,"a\u0000b":["x\u0000","\ud800",9007199254740993],"c":{"\udc00":"😀"},"d":"\\u0000"}`;
    expect(collected(json, new ExtraFields(), repairs)).toBe(
      String.raw`{"ab":["x","�",9007199254740993],"c":{"�":"😀"},"d":"\\u0000"}`,
    );
    expect(repairs).toEqual({ nulsRemoved: 2, surrogatesReplaced: 2 });
  });

  it("refuses a field nested deeper than 500 levels, and names it", () => {
    const nested = (levels: number) => `{"id":1,"fine":[],"deep":${"[".repeat(levels)}${"]".repeat(levels)}}`;
    expect(collected(nested(500))).toContain(`"deep":${"[".repeat(500)}`);
    expect(collected(nested(501))).toEqual({ field: "deep", bad: NESTED_TOO_DEEP });
    expect(collected(nested(1_000_000))).toEqual({ field: "deep", bad: NESTED_TOO_DEEP });
  });

  it("counts how many records had each unknown field, and ignores names beyond a thousand", () => {
    const extra = new ExtraFields();
    collected('{"id":1,"colour":"red","__proto__":1}', extra);
    collected('{"id":2,"colour":"blue"}', extra);
    expect([...extra.counts]).toEqual([
      ["colour", 2],
      ["__proto__", 1],
    ]);
    for (let index = 0; index < 2000; index += 1) collected(`{"id":3,"field ${index}":1}`, extra);
    collected('{"id":4,"colour":"green"}', extra);
    expect(extra.counts.size).toBe(1000);
    expect(extra.counts.get("colour")).toBe(3);
  });
});

describe("a number that is stored as it was sent", () => {
  it.each(["9007199254740993", "0.1234567890123456789", "1e400", "-0", "1.10", "1E+5"])(
    "has the digits it was sent with: %s",
    (digits) => {
      const json = `{ "list": [${digits}], "value" : ${digits} , "nested": {"value": 7} }`;
      expect(exactNumberIn(json, "value")).toBe(digits);
      expect(JSON.stringify(withExactNumbers(json))).toBe(
        `{"list":[${digits}],"value":${digits},"nested":{"value":7}}`,
      );
    },
  );

  it("is the last one if a field occurs twice, as in JSON.parse", () => {
    expect(exactNumberIn('{"value":1.50,"value":2.50}', "value")).toBe("2.50");
  });
});

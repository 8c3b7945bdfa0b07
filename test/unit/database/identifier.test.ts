import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { qualifiedName, quoteIdentifier } from "../../../src/database/identifier.ts";

const hostile = fc.string({
  unit: fc.constantFrom('"', "'", "\\", ";", "-", ".", " ", "$", "E", "ä", "\n", "x"),
});

describe("a quoted identifier", () => {
  it("is one identifier with exactly the given name, whatever its characters", () => {
    fc.assert(
      fc.property(hostile, (name) => {
        const quoted = quoteIdentifier(name);
        expect(quoted).toMatch(/^"(?:[^"]|"")*"$/);
        expect(quoted.slice(1, -1).replaceAll('""', '"')).toBe(name);
      }),
    );
  });

  it("keeps the capitals, blanks and slashes of the API's names", () => {
    expect(quoteIdentifier("TKT-Resolution/Change Type")).toBe('"TKT-Resolution/Change Type"');
    expect(quoteIdentifier('x"; drop table tickets; --')).toBe('"x""; drop table tickets; --"');
  });

  it("is joined with its schema, which may contain a dot", () => {
    expect(qualifiedName("service.desk", "tickets")).toBe('"service.desk"."tickets"');
  });
});

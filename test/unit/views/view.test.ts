import { describe, expect, it } from "vitest";
import { OtcError } from "../../../src/errors/otc-error.ts";
import { type Column, defineView, integer, keyColumns, text, timestamp } from "../../../src/views/view.ts";

const id = integer("Id", { key: "required" });

function problemOf(columns: readonly Column[]): unknown {
  try {
    defineView({ name: "assets", order: 9, columns });
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("a view", () => {
  it("has the table of its name unless it says otherwise", () => {
    expect(defineView({ name: "assets", order: 9, columns: [id] }).table).toBe("assets");
    expect(defineView({ name: "assets", table: "things", order: 9, columns: [id] }).table).toBe("things");
  });

  it("has the columns of its fields' names unless it says otherwise", () => {
    expect(text("Ticket Title")).toEqual({
      field: "Ticket Title",
      name: "Ticket Title",
      type: "text",
      insertOnly: false,
    });
    expect(timestamp("Created", { as: "created_time", insertOnly: true })).toEqual({
      field: "Created",
      name: "created_time",
      type: "timestamp",
      insertOnly: true,
    });
  });

  it("is found again by its key columns, in their order, nullable ones too", () => {
    const columns = [text("A"), text("B", { key: "nullable" }), id];
    const view = defineView({ name: "assets", order: 9, columns });
    expect(keyColumns(view).map((column) => column.field)).toEqual(["B", "Id"]);
  });

  it.each([
    ["names a field twice", [id, text("A"), integer("A", { as: "a" })], 'field "A" twice'],
    ["names a column twice", [id, text("A"), text("B", { as: "A" })], 'name "A" twice'],
    ["has no key", [text("A")], "no required key column"],
    ["has a key of nullable columns only", [text("A", { key: "nullable" })], "no required key column"],
    [
      "never overwrites a key",
      [integer("Id", { key: "required", insertOnly: true })],
      "key column that is insert-only",
    ],
    [
      "says in two columns when a record was modified",
      [id, timestamp("A", { modified: true }), timestamp("B", { modified: true })],
      "several columns for the time of modification",
    ],
  ])("that %s is a defect", (_case, columns, message) => {
    const problem = problemOf(columns);
    expect(problem).toBeInstanceOf(OtcError);
    expect(problem).toMatchObject({ code: "internal", message: expect.stringContaining(message) });
  });
});

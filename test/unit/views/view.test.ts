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
  it("has a table with its name and no derived tables, unless it defines them", () => {
    expect(defineView({ name: "assets", order: 9, columns: [id] }).table).toBe("assets");
    expect(defineView({ name: "assets", table: "things", order: 9, columns: [id] }).table).toBe("things");
    expect(defineView({ name: "assets", order: 9, columns: [id] }).refreshes).toEqual([]);
  });

  it("has columns with its fields' names, unless it defines others", () => {
    expect(text("Ticket Title")).toEqual({
      field: "Ticket Title",
      name: "Ticket Title",
      type: "text",
      insertOnly: false,
      versionColumn: false,
    });
    expect(timestamp("Created", { as: "created_time", insertOnly: true })).toEqual({
      field: "Created",
      name: "created_time",
      type: "timestamp",
      insertOnly: true,
      versionColumn: false,
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
      "tells in two columns which row is newer",
      [id, timestamp("A", { versionColumn: true }), timestamp("B", { versionColumn: true })],
      "several version columns",
    ],
  ])("that %s is a defect", (_case, columns, message) => {
    const problem = problemOf(columns);
    expect(problem).toBeInstanceOf(OtcError);
    expect(problem).toMatchObject({ code: "internal", message: expect.stringContaining(message) });
  });

  it("can keep a history without a column that says when a record was changed", () => {
    const history = { table: "asset_history", keys: ["id"], columns: ["A"] };
    expect(defineView({ name: "assets", order: 9, columns: [id, text("A")], history }).history).toEqual(
      history,
    );
  });

  it.each([
    ["of a key", ["id"], ["Id"], 'no column "Id" that an update writes'],
    ["of an insert-only column", ["id"], ["Made"], 'no column "Made"'],
    ["without a name for the key", [], ["A"], "does not name each key column once"],
  ])("cannot keep a history %s", (_case, keys, columns, message) => {
    expect(() =>
      defineView({
        name: "assets",
        order: 9,
        columns: [id, text("A"), timestamp("Made", { insertOnly: true }), timestamp("Modified")],
        history: { table: "asset_history", keys, columns, changedAt: "Modified" },
      }),
    ).toThrow(message);
  });
});

import { expect, test } from "vitest";
import { boolean, defineView, integer, numeric, text, timestamp } from "../../../src/views/view.ts";
import { describeEachDatabase } from "../../support/each-database.ts";
import { startDocumentServer } from "../../support/document-server.ts";
import { documentOf, load, loadViews } from "../../support/load-records.ts";

/** All that a new view needs: this and its table. */
const assets = defineView({
  name: "assets",
  order: 4,
  columns: [
    text("AST-Serial", { as: "serial", key: "required" }),
    numeric("AST-Slot", { as: "slot", key: "nullable" }),
    boolean("AST-Rented", { as: "rented", key: "nullable" }),
    integer("AST-Owner Id", { as: "owner_id" }),
    timestamp("AST-Bought", { as: "bought", insertOnly: true }),
  ],
});

const TABLE = `(
  serial text not null,
  slot numeric,
  rented boolean,
  owner_id bigint,
  bought timestamptz,
  extra jsonb,
  unique nulls not distinct (serial, slot, rented)
)`;

describeEachDatabase("a fourth view", (target) => {
  test("is a definition and a table, and loads like the others", async () => {
    const database = await target.fresh();
    await database.sql(`create table ${database.table("assets")} ${TABLE}`);
    const server = await startDocumentServer({
      "A-4": documentOf([
        {
          "AST-Serial": "X1",
          "AST-Slot": "1,50",
          "AST-Rented": "N",
          "AST-Owner Id": 3,
          "AST-Bought": "1/2/2020",
        },
        { "AST-Serial": "X1", "AST-Slot": 0, "AST-Rented": false },
        { "AST-Serial": "X1" },
        { "AST-Serial": "X2", Colour: "grey" },
        { "AST-Slot": 4 },
      ]),
    });
    const loader = database.open({ ...server.env, OTC_VIEW_ASSETS: "A-4" });
    expect(await loadViews(loader, [assets])).toMatchObject([
      { view: "assets", status: "partial", fetched: 5, inserted: 4, errors: 1 },
    ]);
    // 1.5 is the same number as 1.50.
    const second = await load(loader, assets, [
      {
        "AST-Serial": "X1",
        "AST-Slot": 1.5,
        "AST-Rented": "no",
        "AST-Owner Id": 4,
        "AST-Bought": "2/2/2020",
      },
      { "AST-Serial": "X1", "AST-Slot": "0.0", "AST-Rented": 0 },
      { "AST-Serial": "X1", "AST-Slot": "" },
    ]);
    expect(second).toMatchObject({ inserted: 0, updated: 1, unchanged: 2 });
    expect(
      await database.sql(
        `select serial, slot::float8 as slot, rented, owner_id, bought, extra
         from ${database.table("assets")} order by serial, slot desc nulls last`,
      ),
    ).toEqual([
      {
        serial: "X1",
        slot: 1.5,
        rented: false,
        owner_id: 4,
        bought: new Date("2020-02-01T00:00:00Z"),
        extra: null,
      },
      { serial: "X1", slot: 0, rented: false, owner_id: null, bought: null, extra: null },
      { serial: "X1", slot: null, rented: null, owner_id: null, bought: null, extra: null },
      { serial: "X2", slot: null, rented: null, owner_id: null, bought: null, extra: { Colour: "grey" } },
    ]);
  });
});

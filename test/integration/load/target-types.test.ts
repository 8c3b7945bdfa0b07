import { expect, test } from "vitest";
import { boolean, defineView, integer, numeric, text, timestamp } from "../../../src/views/view.ts";
import { describeEachDatabase } from "../../support/each-database.ts";
import { load } from "../../support/load-records.ts";

const assets = defineView({
  name: "assets",
  order: 4,
  columns: [
    text("Serial", { key: "required" }),
    timestamp("Bought", { key: "required" }),
    integer("Owner", { key: "nullable" }),
    numeric("Price"),
    numeric("Weight"),
    boolean("Rented"),
    boolean("Insured"),
    timestamp("Seen"),
  ],
});

/** None of these is the type of the view's column. */
const TABLE = `(
  "Serial" varchar(5) not null,
  "Bought" date not null,
  "Owner" text,
  "Price" numeric(6,2),
  "Weight" real,
  "Rented" char(1),
  "Insured" smallint,
  "Seen" timestamp(0),
  extra text,
  unique nulls not distinct ("Serial", "Bought", "Owner")
)`;

describeEachDatabase("a load into columns of other types than the view's", (target) => {
  test("writes what they take, finds every row again, and refuses only what they cannot hold", async () => {
    const database = await target.fresh();
    const loader = database.open({ OTC_TIMEZONE: "Europe/Vienna" });
    await loader.database();
    const table = database.table("assets");
    await database.sql(`create table ${table} ${TABLE}`);
    // How truth is spelled here.
    await database.sql(
      `insert into ${table} ("Serial", "Bought", "Rented") values ('old', '2025-01-01', 'y'), ('old', '2025-01-02', 'y'),
         ('old', '2025-01-03', '?'), ('old', '2025-01-04', 'Y'), ('old', '2025-01-05', 'N')`,
    );
    const asset = (fields: object) => ({ Serial: "X1", Bought: "5/3/2025", ...fields });
    const first = asset({
      Owner: 17,
      Price: "7,125",
      Weight: 0.1,
      Rented: true,
      Insured: "no",
      Mood: "good",
    });
    const others = [
      asset({ Owner: 0, Rented: "No" }),
      // Half past two comes twice that night: this is the second.
      asset({ Seen: "2024-10-27T01:30:00.6Z" }),
      asset({ Owner: 1, Price: 12_345 }),
      asset({ Serial: "far too long" }),
    ];
    expect(await load(loader, assets, [first, ...others])).toMatchObject({
      inserted: 3,
      updated: 0,
      errors: 2,
    });
    expect(await load(loader, assets, [first, ...others])).toMatchObject({
      inserted: 0,
      updated: 0,
      unchanged: 3,
      errors: 2,
    });
    expect(await load(loader, assets, [{ ...first, Weight: 0.2 }, ...others])).toMatchObject({
      updated: 1,
      unchanged: 2,
    });
    const empty = { Price: null, weight: null, Rented: null, Insured: null, seen: null, extra: null };
    expect(
      await database.sql(
        `select "Owner", "Bought"::text as bought, "Price", "Weight"::text as weight, "Rented", "Insured",
           "Seen"::text as seen, extra
         from ${table} where "Serial" = 'X1' order by "Owner" nulls first`,
      ),
    ).toEqual([
      { ...empty, Owner: null, bought: "2025-03-05", seen: "2024-10-27 02:30:01" },
      { ...empty, Owner: "0", bought: "2025-03-05", Rented: "N" },
      {
        ...empty,
        Owner: "17",
        bought: "2025-03-05",
        Price: "7.13",
        weight: "0.2",
        Rented: "y",
        Insured: 0,
        extra: '{"Mood": "good"}',
      },
    ]);
  });
});

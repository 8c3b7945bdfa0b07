import { expect, test } from "vitest";
import { boolean, defineView, integer, numeric, text, timestamp } from "../../../src/views/view.ts";
import { describeDistributed, describeEachDatabase } from "../../support/each-database.ts";
import { load, plan } from "../../support/load-records.ts";

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

const shifts = defineView({
  name: "shifts",
  order: 5,
  columns: [
    text("User", { key: "required" }),
    timestamp("Day", { key: "required" }),
    text("From", { key: "nullable" }),
    integer("Crm", { key: "nullable" }),
    numeric("Hours"),
    text("Note"),
    text("Code"),
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
  test("writes all values that they accept, finds every row again, and rejects only other values", async () => {
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

  test("distinguishes rows by the keys as the columns store them, of which the last one wins", async () => {
    const database = await target.fresh();
    const loader = database.open({ OTC_TIMEZONE: "Europe/Vienna" });
    await loader.database();
    const table = database.table("shifts");
    await database.sql(
      `create table ${table} ("User" char(6) not null, "Day" date not null, "From" time, "Crm" smallint,
         "Hours" numeric(4,1), "Note" varchar(4), "Code" char(4), extra jsonb,
         unique nulls not distinct ("User", "Day", "From", "Crm"))`,
    );
    const shift = (fields: object) => ({ User: "ann", Day: "5/3/2025 08:00", ...fields });
    const document = [
      shift({ Hours: 1 }),
      shift({ Hours: 2, From: "9:00" }),
      // Late on the day before in UTC.
      shift({ Hours: 3, Day: "2025-03-04T23:30:00Z" }),
      shift({ Hours: 4, From: "09:00:00", Note: "long ", Code: "a " }),
      shift({ Hours: 5, From: "soon" }),
      shift({ Hours: 6, User: "bob  " }),
      shift({ Hours: 7, User: "bob" }),
      shift({ Hours: 8, User: "bob", Crm: 70_000 }),
      shift({ Hours: 9, User: "bob", Note: "too long" }),
      shift({ Hours: 10_000, User: "bob", From: "10:00" }),
      shift({ Hours: 11, User: "bob", Crm: 1, Day: "5/3/2025 10:00", Code: "     " }),
      shift({ Hours: 12.04, User: "bob", Crm: 1, Day: "5/3/2025 11:00", Note: "    ", Code: "" }),
    ];
    const planned = await plan(loader, shifts, document);
    expect(planned).toMatchObject({ inserted: 3, duplicates: 5, errors: 4 });
    expect(planned.duplicateKeys).toMatchObject({ keys: 4 });

    const rows = (): Promise<readonly unknown[]> =>
      database.sql(
        `select "User"::text as "user", "Day"::text as day, "From"::text as "from", "Crm" as crm,
           "Hours"::float8 as hours, "Note" as note, "Code"::text as code
         from ${table} order by "User", "From" nulls first, "Crm" nulls first`,
      );
    const row = { user: "ann", day: "2025-03-05", from: null, crm: null, note: null, code: null };
    const first = await load(loader, shifts, document);
    expect(first).toMatchObject({ inserted: 3, updated: 0, duplicates: 5, errors: 4 });
    const loaded = [
      { ...row, hours: 3 },
      { ...row, from: "09:00:00", hours: 4, note: "long", code: "a" },
      { ...row, user: "bob", crm: 1, hours: 12, note: "    ", code: "" },
    ];
    expect(await rows()).toEqual(loaded);
    expect(
      await database.sql(
        `select position::int as position, sql_state as state from ${database.table("etl_rejects")} order by 1`,
      ),
    ).toEqual([
      { position: 5, state: "22007" },
      { position: 8, state: "22003" },
      { position: 9, state: "22001" },
      { position: 10, state: "22003" },
    ]);

    const again = { inserted: 0, updated: 0, unchanged: 3, duplicates: 5, errors: 4 };
    expect(await load(loader, shifts, document)).toMatchObject(again);
    const changed = [...document, shift({ Hours: 20, Day: "2025-03-05T10:00:00Z", From: "09:00" })];
    expect(await load(loader, shifts, changed)).toMatchObject({
      ...again,
      updated: 1,
      unchanged: 2,
      duplicates: 6,
    });
    expect(await rows()).toEqual([loaded[0], { ...row, from: "09:00:00", hours: 20 }, loaded[2]]);
  });

  test("quarantines exactly the records with a value that a column's type does not accept", async () => {
    const database = await target.fresh();
    const loader = database.open();
    await loader.database();
    const table = database.table("assets");
    await database.sql(
      `create table ${table} ("Serial" integer not null, "Bought" timestamp(0) not null, "Owner" varchar(3),
         "Price" double precision, "Weight" real, "Rented" boolean, "Insured" boolean, "Seen" timestamptz(0),
         extra jsonb, unique nulls not distinct ("Serial", "Bought", "Owner"))`,
    );
    const asset = (serial: string, fields: object = {}) => ({
      Serial: serial,
      Bought: "2025-03-05T08:00:00.4Z",
      ...fields,
    });
    const good = Array.from({ length: 30 }, (_, index) =>
      asset(String(index), { Owner: index, Weight: 0.1 }),
    );
    const document = [
      asset("no number"),
      ...good,
      asset("031", { Weight: "1e40", Price: 1 }),
      asset("32", { Weight: "1e40".replace("e40", "0".repeat(40)) }),
      asset("33", { Weight: 1, Price: `1${"0".repeat(400)}` }),
      asset("34", { Owner: 1234 }),
      asset("035", { Bought: "2025-03-05T08:00:00.1Z", Price: 0.1, Seen: "2025-03-05T08:00:00.5Z" }),
      asset("35", { Bought: "2025-03-05T07:59:59.9Z", Price: 0.2, Seen: "2025-03-05T08:00:00.6Z" }),
    ];
    const outcome = await load(loader, assets, document);
    expect(outcome).toMatchObject({ inserted: 31, duplicates: 1, errors: 5 });
    expect(await load(loader, assets, document)).toMatchObject({ updated: 0, unchanged: 31, errors: 5 });
    expect(
      await database.sql(
        `select "Bought"::text as bought, "Price" as price, "Seen" as seen from ${table} where "Serial" = 35`,
      ),
    ).toEqual([{ bought: "2025-03-05 08:00:00", price: 0.2, seen: new Date("2025-03-05T08:00:01Z") }]);
    expect(
      await database.sql(
        `select record_key as key, message from ${database.table("etl_rejects")} where run_id = $1 order by position`,
        [outcome.runId],
      ),
    ).toMatchObject(
      [
        ["no number", 'invalid input syntax for type integer: "no number"'],
        ["031", ""],
        ["32", "out of range"],
        ["33", "out of range"],
        ["34", "too long"],
      ].map(([serial, message]) => ({
        key: expect.stringContaining(`"${serial}"`),
        message: expect.stringContaining(message!),
      })),
    );
  });
});

describeDistributed("a load into distributed columns of other types than the view's", (target) => {
  test("finds every row again by its key as the columns store it, and rejects only other values", async () => {
    const database = await target.fresh();
    const loader = database.open();
    await loader.database();
    const table = database.table("shifts");
    // The column by which rows are distributed has the view's type: another one would put them on other servers.
    await database.sql(
      `create table ${table} ("User" text not null, "Day" timestamptz not null, "From" varchar(5), "Crm" integer,
         "Hours" numeric(4,1), "Note" varchar(4), "Code" char(4), extra jsonb,
         unique nulls not distinct ("User", "Day", "From", "Crm"))`,
    );
    await database.sql("select create_distributed_table($1::text::regclass, 'User')", [table]);
    const shift = (user: number, fields: object = {}) => ({
      User: `user ${user}`,
      Day: "2025-03-05",
      ...fields,
    });
    const document = [
      ...Array.from({ length: 12 }, (_, index) => shift(index, { Hours: "1.26", Code: "a " })),
      shift(3, { From: "9:00", Hours: 2 }),
      // Spaces beyond the length are cut off, so that these are one row, of which the last one wins.
      shift(4, { From: "10:00", Hours: 3 }),
      shift(4, { From: "10:00 ", Hours: 4 }),
      shift(5, { Crm: 3_000_000_000 }),
      shift(6, { Crm: 1, Note: "too long" }),
    ];
    const counts = { duplicates: 1, errors: 2 };
    expect(await load(loader, shifts, document)).toMatchObject({ ...counts, inserted: 14, updated: 0 });
    expect(await load(loader, shifts, document)).toMatchObject({
      ...counts,
      inserted: 0,
      updated: 0,
      unchanged: 14,
    });
    const changed = [...document, shift(3, { From: "9:00", Hours: 5 })];
    expect(await load(loader, shifts, changed)).toMatchObject({ duplicates: 2, updated: 1, unchanged: 13 });
    expect(
      await database.sql(
        `select "User" as "user", "Hours"::float8 as hours from ${table} where "From" is not null order by 1`,
      ),
    ).toEqual([
      { user: "user 3", hours: 5 },
      { user: "user 4", hours: 4 },
    ]);
  });
});

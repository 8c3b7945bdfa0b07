import { expect, test } from "vitest";
import { migrate, migrationStatus } from "../../../src/database/migrations/migrations.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import { describeEachDatabase } from "../../support/each-database.ts";
import { load, loadViews } from "../../support/load-records.ts";
import { ticket } from "../../support/sample-records.ts";

describeEachDatabase("the migrations", (target) => {
  test("are required before anything is loaded", async () => {
    const database = await target.fresh({ migrated: false });
    const loading = loadViews(
      database.open({
        OTC_API_URL: "http://127.0.0.1:1/",
        OTC_API_USERNAME: "etl",
        OTC_API_PASSWORD: "etl",
        OTC_VIEW_TICKETS: "tickets",
      }),
      [tickets],
    );
    await expect(loading).rejects.toMatchObject({
      code: "migration",
      remedy: expect.stringContaining("otc-etl migrate"),
    });
  });

  test("are applied once, in order, and change nothing the second time", async () => {
    const database = await target.fresh({ migrated: false });
    const loader = database.open();
    const applied = await migrate(await loader.database(), () => undefined);
    const versions = applied.map((state) => state.version);
    expect(versions).toEqual([...new Set(versions)].toSorted((a, b) => a - b));
    expect(applied.every((state) => state.appliedAt !== null)).toBe(true);
    await load(loader, tickets, [ticket(1)]);
    expect(await migrate(await loader.database(), () => undefined)).toEqual([]);
    expect(await migrationStatus(await loader.database())).toEqual(applied);
    expect(await database.sql(`select count(*) as rows from ${database.table("tickets")}`)).toEqual([
      { rows: 1 },
    ]);
  });

  test("put everything into the configured schema", async () => {
    const database = await target.fresh();
    expect(
      await database.sql(
        `select nspname as schema from pg_class join pg_namespace on pg_namespace.oid = relnamespace
         where relname in ('tickets', 'comments', 'timesheets', 'etl_metadata', 'etl_rejects', 'etl_migrations',
           'v_data_freshness')`,
      ),
    ).toEqual(Array.from({ length: 7 }, () => ({ schema: database.schema })));
  });

  test("that are missing stop a load", async () => {
    const database = await target.fresh();
    await database.sql(`delete from ${database.table("etl_migrations")} where version = 5`);
    await expect(load(database.open(), tickets, [ticket(1)])).rejects.toMatchObject({
      code: "migration",
      message: expect.stringMatching(/lacks 1 of \d+ migrations/),
    });
  });

  test("that were changed after they were applied are an error", async () => {
    const database = await target.fresh();
    await database.sql(`update ${database.table("etl_migrations")} set checksum = 'other' where version = 2`);
    const loader = database.open();
    const expected = {
      code: "migration",
      message: expect.stringContaining("Migration 2 (comments) was changed"),
    };
    await expect(migrate(await loader.database(), () => undefined)).rejects.toMatchObject(expected);
    await expect(load(loader, tickets, [ticket(1)])).rejects.toMatchObject(expected);
  });

  test("of a newer otc-etl are an error", async () => {
    const database = await target.fresh();
    await database.sql(
      `insert into ${database.table("etl_migrations")} (version, name, checksum) values (9000, 'future', 'x')`,
    );
    const loader = database.open();
    const expected = { code: "migration", message: expect.stringContaining("newer than this otc-etl") };
    await expect(migrate(await loader.database(), () => undefined)).rejects.toMatchObject(expected);
    await expect(load(loader, tickets, [ticket(1)])).rejects.toMatchObject(expected);
  });

  test("that fail change nothing", async () => {
    const database = await target.fresh({ migrated: false });
    await database.sql(`create schema "${database.schema.replaceAll('"', '""')}"`);
    // Stands in the way of the second one.
    await database.sql(`create view ${database.table("comments")} as select 1 as taken`);
    const loader = database.open();
    await expect(migrate(await loader.database(), () => undefined)).rejects.toMatchObject({
      code: "database",
    });
    expect(await database.sql(`select version from ${database.table("etl_migrations")}`)).toEqual([
      { version: 1 },
    ]);
    await database.sql(`drop view ${database.table("comments")}`);
    expect((await migrate(await loader.database(), () => undefined))[0]).toMatchObject({ version: 2 });
  });
});

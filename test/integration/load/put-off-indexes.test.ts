import { Client } from "pg";
import { expect, test } from "vitest";
import comments from "../../../src/views/definitions/comments.ts";
import { type DatabaseUnderTest, describeEachDatabase, type Target } from "../../support/each-database.ts";
import { load } from "../../support/load-records.ts";
import { comment, many } from "../../support/sample-records.ts";

/** Enough rows for the indexes to be put off. */
const ROWS = 10_000;
const records = many(ROWS, (id) => comment(id, { "TKTCT-TicketID": id % 7 }));

/** Divides comments by hash; the indexes have other names in the partitions than PostgreSQL would choose. */
async function divide(database: DatabaseUnderTest): Promise<void> {
  const table = database.table("comments");
  await database.sql(`alter table ${table} rename to plain`);
  await database.sql(
    `create table ${table} (like ${database.table("plain")}, primary key (comment_id)) partition by hash (comment_id)`,
  );
  for (const remainder of [0, 1]) {
    await database.sql(
      `create table ${database.table(`part_${remainder}`)} partition of ${table} for values with (modulus 2, remainder ${remainder})`,
    );
  }
  await database.sql(`create index "by ON ONLY team" on ${table} (team)`);
  await database.sql(`create index by_text on ${table} (left(comment_text, 5000), team)`);
  await database.sql(`alter index ${database.table("part_0_pkey")} rename to first`);
}

/** The indexes of the table and of its partitions, by name. */
function indexes(database: DatabaseUnderTest) {
  return database.sql<{ oid: number; definition: string; valid: boolean }>(
    `select indexrelid::int as oid, pg_get_indexdef(indexrelid) as definition, indisvalid as valid
     from pg_index
     where indrelid in (select relid from pg_partition_tree($1::text::regclass)) order by 2`,
    [database.table("comments")],
  );
}

async function expectRows(database: DatabaseUnderTest, rows: number): Promise<void> {
  expect(
    await database.sql(`select count(*)::int as rows from ${database.table("comments")}`),
    "rows of the table",
  ).toEqual([{ rows }]);
}

async function divided(target: Target) {
  const database = await target.fresh();
  const loader = database.open();
  await loader.database();
  await divide(database);
  const before = await indexes(database);
  const definitions = before.map(({ definition, valid }) => ({ definition, valid }));
  return { database, loader, before, definitions };
}

describeEachDatabase("a first load of a partitioned table", (target) => {
  test("builds the indexes over all rows, in each partition and with their names", async () => {
    const { database, loader, before, definitions } = await divided(target);
    expect(before).toHaveLength(9);
    expect(await load(loader, comments, [...records, comment(1)])).toMatchObject({
      inserted: ROWS,
      duplicates: 1,
    });
    const after = await indexes(database);
    expect(after.map(({ definition, valid }) => ({ definition, valid }))).toEqual(definitions);
    expect(after.filter(({ oid }) => before.some((index) => index.oid === oid))).toEqual([]);
    await expectRows(database, ROWS);
    expect(await load(loader, comments, records)).toMatchObject({ updated: 1, inserted: 0 });
  });

  test("keeps the indexes when one of them refuses a row, which is then found", async () => {
    const { database, loader, before } = await divided(target);
    // So long that it has to be random, because an index compresses its values.
    const text = Array.from({ length: 5000 }, (_, index) =>
      String.fromCodePoint(0x4e00 + ((index * 7919) % 20_000)),
    );
    const outcome = await load(loader, comments, [
      ...records,
      comment(ROWS + 1, { "TKTCT-Comment": text.join("") }),
    ]);
    expect(outcome).toMatchObject({ inserted: ROWS, errors: 1, status: "partial" });
    expect(await indexes(database)).toEqual(before);
    await expectRows(database, ROWS);
  });

  test("keeps the indexes that are special, and those that a trigger may read", async () => {
    const { database, loader, before } = await divided(target);
    const table = database.table("comments");
    await database.sql(`comment on index ${database.table("part_1_pkey")} is 'on the fast disk'`);
    expect(await load(loader, comments, records)).toMatchObject({ inserted: ROWS });
    expect(await indexes(database)).toEqual(before);
    await database.sql(`comment on index ${database.table("part_1_pkey")} is null`);
    await database.sql(`truncate ${table}`);
    await database.sql(
      `create function ${database.table("look")}() returns trigger language plpgsql as
       $$ begin perform from ${table} where comment_id = new.comment_id; return new; end $$`,
    );
    await database.sql(
      `create trigger look before insert on ${database.table("part_0")} for each row execute function ${database.table("look")}()`,
    );
    expect(await load(loader, comments, records, { allowLate: true })).toMatchObject({ inserted: ROWS });
    expect(await indexes(database)).toEqual(before);
  });
});

describeEachDatabase(
  "a first load of a partitioned table that somebody reads",
  (target) => {
    test("keeps the indexes", async () => {
      const { database, loader, before } = await divided(target);
      const reader = new Client({ connectionString: database.env["OTC_DATABASE_URL"] });
      await reader.connect();
      await reader.query("begin");
      await reader.query(`select count(*) from ${database.table("comments")}`);
      expect(await load(loader, comments, records)).toMatchObject({ inserted: ROWS });
      await reader.end();
      expect(await indexes(database)).toEqual(before);
      await expectRows(database, ROWS);
    });
  },
  ({ engine }) => engine === "postgres",
);

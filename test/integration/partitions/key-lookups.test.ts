import { expect, test } from "vitest";
import { loadTables } from "../../../src/load/tables/load-tables.ts";
import { withKeyLookups } from "../../../src/load/tables/key-lookups.ts";
import { setPlannerSettings } from "../../../src/load/tables/planner-settings.ts";
import { sameRow } from "../../../src/load/tables/same-row.ts";
import { partitionTables } from "../../../src/loader/partition-tables.ts";
import { parsePartitionRequest } from "../../../src/partitions/partition-request.ts";
import { readTableBackend } from "../../../src/database/table-backend.ts";
import type { Transaction } from "../../../src/database/database.ts";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import { describeEachDatabase } from "../../support/each-database.ts";

/** In 24 months. */
const ROWS = 48_000;
const KEYS = 1000;

describeEachDatabase(
  "a few keys of a table in many partitions",
  (target) => {
    test("are looked up in the indexes, if there are such, and never by reading the table in order", async () => {
      const database = await target.fresh();
      const loader = database.open();
      await partitionTables(
        loader,
        [parsePartitionRequest("timesheets=TS-Date:month", [timesheets])],
        new AbortController().signal,
      );
      const opened = await loader.database();
      const table = database.table("timesheets");
      await opened.transaction(async (transaction) => {
        await transaction.query(
          `select ${database.table("create_partitions")}('timesheets', array(
           select generate_series('2024-01-01Z'::timestamptz, '2025-12-01Z', '1 month')
         ))`,
        );
        await transaction.query(
          `insert into ${table} ("TS-User Username", "TS-Date", "TS-Notes")
         select 'user ' || n % 200, '2024-01-01Z'::timestamptz + n / 200 * interval '3 days', repeat('x', 200)
         from generate_series(0, ${ROWS - 1}) as n`,
        );
        await transaction.query(
          `create table ${database.table("few")} as select * from ${table} where "TS-User Username" < 'user 103'
         limit ${KEYS}`,
        );
      });
      for (const name of ["timesheets", "few"]) await database.sql(`analyze ${database.table(name)}`);
      const tables = loadTables(opened.schema, timesheets, 1, {
        backend: await readTableBackend(opened, opened.backend, table),
        hasFingerprints: true,
      });
      const joins = (keys: number): Promise<string> =>
        opened.transaction(async (transaction) => {
          await setPlannerSettings(transaction);
          const plan = await withKeyLookups(transaction, timesheets, tables, { keys, rows: ROWS }, () =>
            explain(transaction),
          );
          expect(
            (await transaction.query<{ on: string }>(`select current_setting('enable_hashjoin') as on`)).rows,
          ).toEqual([{ on: "on" }]);
          return plan;
        });
      const explain = async (transaction: Transaction): Promise<string> => {
        const { rows } = await transaction.query<{ "QUERY PLAN": string }>(
          `explain (costs off) update ${table} t set "TS-Notes" = 'changed' from ${database.table("few")} d
         where ${sameRow(timesheets, tables, "d", "t")}`,
        );
        return rows.map((row) => row["QUERY PLAN"]).find((line) => /Join|Nested Loop/.test(line)) ?? "";
      };
      // Left alone, the planner chooses another join.
      expect(await joins(ROWS)).not.toContain("Nested Loop");
      expect(await joins(KEYS)).toContain("Nested Loop");
      await database.sql(`alter table ${table} drop constraint timesheets_unique_entry`);
      expect(await joins(KEYS)).toContain("Join");
    });
  },
  ({ engine }) => engine === "postgres",
);

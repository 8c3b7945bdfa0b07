import fc from "fast-check";
import { expect, test } from "vitest";
import tickets from "../../../src/views/definitions/tickets.ts";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import {
  type DatabaseUnderTest,
  describeEachDatabase,
  onOldestAndEmbedded,
} from "../../support/each-database.ts";
import { attemptLoad, type Fields, load, plan } from "../../support/load-records.ts";
import { many, ticket, timesheet } from "../../support/sample-records.ts";

/** A way to divide tickets; every way has at least two partitions, in which rows have the same places. */
interface Division {
  readonly by: string;
  readonly partitions: readonly string[];
  /** The partition key has to be in every unique constraint; undefined where none is possible on the view's key. */
  readonly key: string | undefined;
}

const DIVISIONS: Readonly<Record<string, Division>> = {
  hash: {
    by: `hash ("TKT-Ticket ID")`,
    partitions: [0, 1, 2].map((remainder) => `for values with (modulus 3, remainder ${remainder})`),
    key: `"TKT-Ticket ID"`,
  },
  range: {
    by: `range ("TKT-Ticket ID")`,
    partitions: ["for values from (minvalue) to (4)", "for values from (4) to (100)"],
    key: `"TKT-Ticket ID"`,
  },
  list: {
    by: `list ("TKT-Status")`,
    partitions: ["for values in ('Open')", "for values in ('Closed', 'Done')"],
    key: undefined,
  },
};

/** Puts a partitioned table in the place of a view's; what depends on the old one goes on reading that. */
async function partition(
  database: DatabaseUnderTest,
  name: string,
  { by, partitions, key }: Division,
): Promise<void> {
  const table = database.table(name);
  const copy = database.table(`${name}_whole`);
  await database.sql(`alter table ${table} rename to ${name}_whole`);
  await database.sql(`create table ${table} (like ${copy}) partition by ${by}`);
  for (const [index, values] of partitions.entries()) {
    await database.sql(`create table ${database.table(`${name}_${index}`)} partition of ${table} ${values}`);
  }
  if (key !== undefined) {
    await database.sql(`alter table ${table} add unique nulls not distinct (${key})`);
  }
}

function titles(database: DatabaseUnderTest): Promise<readonly unknown[]> {
  return database.sql(
    `select "TKT-Ticket ID" as id, "TKT-Title" as title, "TKT-Status" as status
     from ${database.table("tickets")} order by 1`,
  );
}

describeEachDatabase(
  "a load into a partitioned table",
  (target) => {
    test.for(Object.entries(DIVISIONS))(
      "by %s stores the right values in every row, and its history and plan agree",
      async ([, division]) => {
        const database = await target.fresh();
        const loader = database.open();
        await loader.database();
        await partition(database, "tickets", division);
        const status = (id: number): string => (id < 4 ? "Open" : "Closed");
        const version = (name: string, ids: readonly number[]): Fields[] =>
          ids.map((id) =>
            ticket(id, { "TKT-Title": `${name} ${id}`, "TKT-Status": status(id), "TKT-Team": name }),
          );
        const ids = [1, 2, 3, 4, 5, 6];
        const expected = (name: string, changed: readonly number[], all = ids) =>
          all.map((id) => ({
            id,
            title: `${changed.includes(id) ? name : "first"} ${id}`,
            status: status(id),
          }));
        await load(loader, tickets, version("first", ids));
        const places = await database.sql<{ same: boolean }>(
          `select count(distinct ctid) < count(*) as same from ${database.table("tickets")}`,
        );
        expect(places).toEqual([{ same: true }]);

        const all = version("second", ids);
        const planned = await plan(loader, tickets, all);
        expect(planned).toMatchObject({ updated: 6, inserted: 0, unchanged: 0 });
        const title = planned.changes.find(({ column }) => column === "TKT-Title");
        expect(title).toMatchObject({ rows: 6 });
        for (const { key, old, new: after } of title?.samples ?? []) {
          const id = key["TKT-Ticket ID"] ?? "";
          expect([old, after]).toEqual([`first ${id}`, `second ${id}`]);
        }

        const one = [
          ...version("first", [1, 2, 3]),
          ...version("second", [4, 5]),
          ...version("first", [6, 7]),
        ];
        const history = (): Promise<readonly unknown[]> =>
          database.sql(
            `select ticket_id, old_value, new_value from ${database.table("ticket_history")}
           where column_name = 'TKT-Team' order by 1, 2`,
          );
        expect(await load(loader, tickets, one)).toMatchObject({ updated: 2, inserted: 1, unchanged: 4 });
        expect(await titles(database)).toEqual(expected("second", [4, 5], [...ids, 7]));
        expect(await history()).toEqual(
          [4, 5].map((id) => ({ ticket_id: id, old_value: "first", new_value: "second" })),
        );
        expect(await load(loader, tickets, [...all, ...version("second", [7])])).toMatchObject({
          updated: 5,
          unchanged: 2,
        });
        expect(await titles(database)).toEqual(expected("second", [...ids, 7], [...ids, 7]));
        expect(await load(loader, tickets, all)).toMatchObject({ updated: 0, unchanged: 6 });
      },
    );

    test("moves a changed row to another partition, and rejects a row that fits into none", async () => {
      const database = await target.fresh();
      const loader = database.open();
      await loader.database();
      await partition(database, "tickets", DIVISIONS["list"]!);
      await load(loader, tickets, many(4, ticket));
      const next = [
        ticket(1, { "TKT-Status": "Closed" }),
        ticket(2, { "TKT-Status": "Lost" }),
        ticket(3, { "TKT-Title": "changed" }),
        ticket(4),
        ticket(5, { "TKT-Status": "Lost" }),
        ticket(6, { "TKT-Status": "Done" }),
      ];
      const outcome = await load(loader, tickets, next);
      expect(outcome).toMatchObject({ updated: 2, inserted: 1, unchanged: 1, errors: 2, status: "partial" });
      expect(await titles(database)).toEqual([
        { id: 1, title: "Ticket 1", status: "Closed" },
        { id: 2, title: "Ticket 2", status: "Open" },
        { id: 3, title: "changed", status: "Open" },
        { id: 4, title: "Ticket 4", status: "Open" },
        { id: 6, title: "Ticket 6", status: "Done" },
      ]);
      expect(
        await database.sql(
          `select record_key as key, reason, message from ${database.table("etl_rejects")} order by position`,
        ),
      ).toEqual(
        [2, 5].map((id) => ({
          key: `TKT-Ticket ID="${id}"`,
          reason: "refused_by_database",
          message: expect.stringMatching(/no partition of relation "tickets" found for row.*Lost/),
        })),
      );
      expect(await load(loader, tickets, next)).toMatchObject({
        updated: 0,
        inserted: 0,
        unchanged: 4,
        errors: 2,
      });
    });

    test("keeps the indexes of its partitions, also when it is large and was empty", async () => {
      const database = await target.fresh();
      const loader = database.open();
      await loader.database();
      await partition(database, "tickets", DIVISIONS["hash"]!);
      await database.sql(`create index on ${database.table("tickets")} ("TKT-Team")`);
      const indexes = (): Promise<readonly unknown[]> =>
        database.sql(
          `select indrelid::regclass::text as "table", indkey::text as columns, indisvalid as valid
         from pg_index join pg_class on pg_class.oid = indrelid
         where relname ~ '^tickets(_[012])?$' order by 1, 2`,
        );
      const before = await indexes();
      expect(before).toHaveLength(8);
      const records = many(20_500, (id) => ticket(id));
      expect(await load(loader, tickets, records)).toMatchObject({ inserted: 20_500 });
      expect(await indexes()).toEqual(before);
    });

    test("of timesheets finds rows without a start or ticket again, whatever has changed (property)", async () => {
      const database = await target.fresh();
      const loader = database.open();
      await loader.database();
      await partition(database, "timesheets", {
        by: `hash ("TS-User Username")`,
        partitions: [0, 1].map((remainder) => `for values with (modulus 2, remainder ${remainder})`),
        key: `"TS-User Username", "TS-Date", "TS-Time From", "TS-Crm ID"`,
      });
      const table = database.table("timesheets");
      const keys = ["ann", "bob", "cid", "dot"].flatMap((user) =>
        [null, "09:00"].flatMap((from) => [null, 7].map((crm) => ({ user, from, crm }))),
      );
      const documents = fc.array(
        fc
          .subarray(keys, { minLength: 8 })
          .chain((chosen) =>
            fc.tuple(
              ...chosen.map((key) => fc.integer({ min: 0, max: 2 }).map((hours) => ({ ...key, hours }))),
            ),
          ),
        { minLength: 2, maxLength: 3 },
      );
      await fc.assert(
        fc.asyncProperty(documents, async (versions) => {
          await database.sql(`truncate ${table}`);
          const model = new Map<string, unknown>();
          for (const rows of versions) {
            const records = rows.map(({ user, from, crm, hours }) =>
              timesheet(user, { "TS-Time From": from, "TS-Crm ID": crm, "TS-Hours": hours }),
            );
            for (const row of rows) model.set(JSON.stringify([row.user, row.from, row.crm]), row.hours);
            const outcome = await attemptLoad(loader, timesheets, records, { allowShrink: true });
            expect(outcome).toMatchObject({ status: "success" });
            const stored = await database.sql<{ key: string; hours: number }>(
              `select "TS-User Username" as "user", "TS-Time From" as "from", "TS-Crm ID" as crm,
               "TS-Hours"::int as hours
             from ${table}`,
            );
            const found = stored.map((row) => {
              const { user, from, crm, hours } = row as unknown as Record<string, unknown>;
              return [JSON.stringify([user, from, crm]), hours] as const;
            });
            expect(new Map(found)).toEqual(model);
            expect(found).toHaveLength(model.size);
          }
        }),
        { numRuns: 6 },
      );
    });
  },
  onOldestAndEmbedded,
);

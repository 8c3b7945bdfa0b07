import { expect, test } from "vitest";
import type { Transaction } from "../../../src/database/database.ts";
import { readTableBackend } from "../../../src/database/table-backend.ts";
import { readFingerprinting } from "../../../src/load/known-rows/fingerprint-key.ts";
import {
  KnownRowsChanged,
  markWrites,
  readKnownRows,
  requireKnownRows,
} from "../../../src/load/known-rows/known-rows.ts";
import type { Loader } from "../../../src/loader/loader.ts";
import { readLastMark } from "../../../src/runs/run-log.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import { timeZoneNamed } from "../../../src/views/values/time-zone.ts";
import {
  type DatabaseUnderTest,
  describeDistributed,
  describeEachDatabase,
  onOldestAndEmbedded,
  type Target,
} from "../../support/each-database.ts";
import { frameInWebAssembly } from "../../support/framed-records.ts";
import { documentOf, load, loadFromApi } from "../../support/load-records.ts";
import { many, ticket } from "../../support/sample-records.ts";

const ROWS = 10;
const records = many(ROWS, (number) => ticket(number));

/** A table whose rows have fingerprints. */
interface Loaded {
  readonly database: DatabaseUnderTest;
  readonly loader: Loader;
}

/** What the transaction was asked to copy out since the known rows were read. */
function watched(transaction: Transaction): { readonly transaction: Transaction; readonly copied: string[] } {
  const copied: string[] = [];
  const watcher = new Proxy(transaction, {
    get(target, name) {
      if (name === "copyOut") {
        return (query: string) => {
          copied.push(query);
          return target.copyOut(query);
        };
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
  return { transaction: watcher, copied };
}

async function loadedTickets(target: Target): Promise<Loaded> {
  const database = await target.fresh();
  const loader = database.open();
  await loadFromApi(loader, tickets, records);
  return { database, loader };
}

/** Reads the known rows, sees some of their records, and checks them after `meanwhile`. */
async function check(
  { database, loader }: Loaded,
  meanwhile: (table: string, transaction: Transaction) => Promise<unknown>,
  seen: readonly unknown[] = records,
) {
  const table = database.table("tickets");
  const opened = await loader.database();
  const zone = await timeZoneNamed("UTC");
  return opened.transaction(async (original) => {
    const backend = await readTableBackend(original, opened.backend, table);
    const { key, writeCounter } = await readFingerprinting(
      original,
      tickets,
      { target: table, backend },
      zone,
    );
    const knownTable = {
      target: table,
      writeCounter,
      backend,
      lastMark: await readLastMark(original, tickets),
    };
    const known = await readKnownRows(original, knownTable, 1000, undefined);
    if (known === undefined) throw new Error("No row is known.");
    const options = { key, maxRecordBytes: 10_000, known: known.fingerprints };
    expect(frameInWebAssembly([Buffer.from(documentOf(seen))], options).records).toEqual([]);
    await meanwhile(table, original);
    await original.query(`lock table ${table} in share row exclusive mode`);
    const { transaction, copied } = watched(original);
    const mark = await markWrites(transaction, knownTable);
    const counts = await requireKnownRows(transaction, knownTable, known, mark);
    return { ...counts, readAgain: copied.length > 0, isCounted: writeCounter !== undefined };
  });
}

describeEachDatabase(
  "rows that are known at the start of a load",
  (target) => {
    const loaded = (): Promise<Loaded> => loadedTickets(target);

    test("are not read again when nobody has written to the table", async () => {
      const { database, loader } = await loaded();
      await database.sql(
        `update ${database.table("tickets")} set etl_fingerprint = null where "TKT-Ticket ID" = 1`,
      );
      expect(await check({ database, loader }, () => Promise.resolve(), records.slice(1))).toEqual({
        rows: ROWS,
        unmarked: 1,
        readAgain: false,
        isCounted: true,
      });
    });

    test("are read again after the load's own statements, of an attempt that was rolled back", async () => {
      const { database, loader } = await loaded();
      const counts = await check({ database, loader }, (table, transaction) =>
        transaction
          .savepoint(async () => {
            await transaction.query(`delete from ${table}`);
            throw new Error("undone");
          })
          .catch(() => undefined),
      );
      expect(counts).toMatchObject({ rows: ROWS, unmarked: 0, readAgain: true });
    });

    test.for([
      [
        "insert",
        (table: string) => `insert into ${table} ("TKT-Ticket ID") values (99)`,
        { rows: ROWS + 1, unmarked: 1 },
      ],
      [
        "change of no row",
        (table: string) => `update ${table} set "TKT-Title" = '' where false`,
        { rows: ROWS, unmarked: 0 },
      ],
      [
        "change of a row whose record did not come",
        (table: string) => `update ${table} set "TKT-Title" = 'x' where "TKT-Ticket ID" = 1`,
        { rows: ROWS, unmarked: 1 },
      ],
      [
        "deletion of such a row",
        (table: string) => `delete from ${table} where "TKT-Ticket ID" = 1`,
        { rows: ROWS - 1, unmarked: 0 },
      ],
    ] as const)(
      "are read again after an %s by another session, and still known",
      async ([, statement, counts], context) => {
        if (target.engine === "embedded") context.skip("The embedded database has one session.");
        const { database, loader } = await loaded();
        const checked = await check(
          { database, loader },
          (table) => database.sql(statement(table)),
          records.slice(1),
        );
        expect(checked).toEqual({ ...counts, readAgain: true, isCounted: true });
      },
    );

    test.for([
      ["updates", (table: string) => `update ${table} set "TKT-Title" = 'x' where "TKT-Ticket ID" = 7`],
      ["deletes", (table: string) => `delete from ${table} where "TKT-Ticket ID" = 7`],
      [
        "merges",
        (table: string) =>
          `merge into ${table} t using (values (7)) as v (id) on t."TKT-Ticket ID" = v.id when matched then update set "TKT-Title" = 'x'`,
      ],
      ["truncates", (table: string) => `truncate ${table}`],
    ] as const)("are no longer known when another session %s", async ([, statement], context) => {
      if (target.engine === "embedded") context.skip("The embedded database has one session.");
      const { database, loader } = await loaded();
      await expect(check({ database, loader }, (table) => database.sql(statement(table)))).rejects.toThrow(
        KnownRowsChanged,
      );
    });

    test.for([
      ["disabled", (table: string) => [`alter table ${table} disable trigger etl_count_write`]],
      [
        "part of another table",
        (table: string, parent: string) => [
          `create table ${parent} ()`,
          `alter table ${table} inherit ${parent}`,
        ],
      ],
    ] as const)(
      "are read again where writes may not be counted: the trigger is %s",
      async ([, statements]) => {
        const { database, loader } = await loaded();
        for (const statement of statements(database.table("tickets"), database.table("all_tickets"))) {
          await database.sql(statement);
        }
        expect(await check({ database, loader }, () => Promise.resolve())).toEqual({
          rows: ROWS,
          unmarked: 0,
          readAgain: true,
          isCounted: false,
        });
      },
    );
  },
  onOldestAndEmbedded,
);

describeDistributed("rows that are known at the start of a load", (target) => {
  const undone = (table: string, transaction: Transaction): Promise<unknown> =>
    transaction
      .savepoint(async () => {
        await transaction.query(`delete from ${table}`);
        throw new Error("undone");
      })
      .catch(() => undefined);

  test.for([
    ["when nobody has written to the table", () => Promise.resolve()],
    ["after statements of the load that were rolled back", undone],
  ] as const)("are not read again %s", async ([, meanwhile]) => {
    const counts = await check(await loadedTickets(target), meanwhile);
    expect(counts).toMatchObject({ rows: ROWS, readAgain: false });
  });

  test.for([
    ["insert", (table: string) => [`insert into ${table} ("TKT-Ticket ID") values (99)`]],
    [
      "change of a row whose record did not come",
      (table: string) => [`update ${table} set "TKT-Title" = 'x' where "TKT-Ticket ID" = 1`],
    ],
    [
      "replacement of such a row by another",
      (table: string) => [
        `delete from ${table} where "TKT-Ticket ID" = 1`,
        `insert into ${table} ("TKT-Ticket ID") values (99)`,
      ],
    ],
  ] as const)("are no longer known after the %s by another session", async ([, statements]) => {
    const loaded = await loadedTickets(target);
    const write = async (table: string): Promise<void> => {
      for (const statement of statements(table)) await loaded.database.sql(statement);
    };
    await expect(check(loaded, write, records.slice(1))).rejects.toThrow(KnownRowsChanged);
  });

  test("are those of a table that nobody has written to since the last load", async () => {
    const { database, loader } = await loadedTickets(target);
    const titles = (): Promise<readonly unknown[]> =>
      database.sql(`select "TKT-Title" as title from ${database.table("tickets")} order by "TKT-Ticket ID"`);
    const before = await titles();
    const known = (): Promise<readonly unknown[]> =>
      database.sql(
        `select records_known as known, records_updated as updated from ${database.table("etl_metadata")} order by run_id desc limit 1`,
      );
    await loadFromApi(loader, tickets, records);
    expect(await known()).toEqual([{ known: ROWS, updated: 0 }]);
    await database.sql(`update ${database.table("tickets")} set "TKT-Title" = 'x' where "TKT-Ticket ID" = 7`);
    // A part of the document settles nothing.
    await load(loader, tickets, records.slice(0, 6));
    expect(await titles()).not.toEqual(before);
    await loadFromApi(loader, tickets, records);
    expect(await known()).toEqual([{ known: 0, updated: 1 }]);
    expect(await titles()).toEqual(before);
    await loadFromApi(loader, tickets, records);
    expect(await known()).toEqual([{ known: ROWS, updated: 0 }]);
  });
});

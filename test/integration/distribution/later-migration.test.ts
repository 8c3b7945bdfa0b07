import { expect, test } from "vitest";
import { distributeTables } from "../../../src/distribution/distribute-tables.ts";
import { migrate } from "../../../src/loader/migrate.ts";
import { readMigrations } from "../../../src/database/migrations/migration-files.ts";
import { viewCatalog } from "../../../src/views/catalog.ts";
import comments from "../../../src/views/definitions/comments.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import { type DatabaseUnderTest, describeDistributed } from "../../support/each-database.ts";
import { type Fields, load, loadFromApi } from "../../support/load-records.ts";
import { comment, many, ticket, timesheet } from "../../support/sample-records.ts";
import { tableContents } from "../../support/table-contents.ts";

const { signal } = new AbortController();

/** The first version whose tables could be distributed. */
const FIRST_DISTRIBUTED = 38;

const versions = readMigrations()
  .map(({ version }) => version)
  .filter((version) => version >= FIRST_DISTRIBUTED);

const entry = (day: number, fields: Fields = {}): Fields =>
  timesheet(`user${day % 5}`, {
    "TS-Date": `2025-03-${String(day).padStart(2, "0")}`,
    "TS-Crm ID": day,
    ...fields,
  });

/** Rows as an older otc-etl left them, without fingerprints. */
async function insertOldRows(database: DatabaseUnderTest): Promise<void> {
  await database.sql(
    `insert into ${database.table("tickets")} ("TKT-Ticket ID", "TKT-Title", "TKT-Status", "TKT-Team", "TKT-Category",
       "TKT-Created Time", "TKT-Modified Time")
     select n, 'Ticket ' || n, 'Open', 'Network', 'Incident', '2025-03-01 08:00Z', '2025-03-02 09:30Z'
     from generate_series(1, 20) as n`,
  );
  await database.sql(
    `insert into ${database.table("comments")} (comment_id, ticket_id, comment_text)
     select n, n % 6, 'old ' || n from generate_series(1, 20) as n`,
  );
  await database.sql(
    `insert into ${database.table("timesheets")} ("TS-User Username", "TS-Date", "TS-Crm ID", "TS-Hours")
     select 'user' || n % 5, '2025-03-01Z'::timestamptz + (n - 1) * interval '24 hours', n, 1 from generate_series(1, 20) as n`,
  );
}

/** An otc-etl of that version had no reports that later migrations create. */
async function dropLaterReports(database: DatabaseUnderTest, version: number): Promise<void> {
  const later = readMigrations().filter((migration) => migration.version > version);
  for (const { sql } of later) {
    for (const [, name = ""] of sql.matchAll(/^create view (\w+)/gim))
      await database.sql(`drop view if exists ${database.table(name)} cascade`);
  }
}

describeDistributed("a database that was distributed at an older version", (target) => {
  test.for(versions.slice(0, -1))(
    "%d is migrated, and loads leave the rows of an ordinary one",
    async (version) => {
      const found: unknown[] = [];
      for (const isDistributed of [true, false]) {
        const database = await target.fresh({ migrated: false });
        await database.migrate(version);
        await insertOldRows(database);
        const loader = database.open();
        if (isDistributed) {
          await distributeTables(await loader.database(), await viewCatalog(), signal);
          await dropLaterReports(database, version);
        }
        const applied = await migrate(loader, signal);
        expect(applied[0]?.version).toBe(version + 1);
        const outcomes: unknown[] = [];
        const nights = [
          await load(
            loader,
            tickets,
            many(22, (id) => ticket(id, id < 4 ? { "TKT-Status": "Closed" } : {})),
          ),
          await load(
            loader,
            comments,
            many(22, (id) => comment(id, { "TKTCT-TicketID": (id % 6) + 1 })),
          ),
          await loadFromApi(
            loader,
            timesheets,
            many(21, (day) => entry(day)),
          ),
          await loadFromApi(
            loader,
            timesheets,
            many(19, (day) => entry(day)),
          ),
          await loadFromApi(
            loader,
            timesheets,
            many(19, (day) => entry(day, day === 3 ? { "TS-Hours": 9 } : {})),
          ),
        ];
        for (const { view, status, inserted, updated, unchanged, errors, missing } of nights)
          outcomes.push({ view, status, inserted, updated, unchanged, errors, missing });
        const distributed = await database.sql<{ name: string }>(
          `select logicalrelid::regclass::text as name from pg_dist_partition where partmethod = 'h' order by 1`,
        );
        expect(distributed).toHaveLength(isDistributed ? 3 : 0);
        found.push([outcomes, await tableContents(database)]);
      }
      expect(found[0]).toEqual(found[1]);
    },
  );
});

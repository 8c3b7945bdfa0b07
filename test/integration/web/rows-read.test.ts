import { expect, test } from "vitest";
import { readSettings } from "../../../src/config/read-settings.ts";
import type { Database, Queryable } from "../../../src/database/database.ts";
import { ScheduleCalendar } from "../../../src/schedule/schedule-calendar.ts";
import { viewCatalog } from "../../../src/views/catalog.ts";
import { PAGES } from "../../../src/web/pages.ts";
import { describeEachDatabase } from "../../support/each-database.ts";

/** Three years of tickets, of which one in twenty is active, and eighteen months of timesheets, of which some overlap. */
const CONTENT = [
  `insert into tickets ("TKT-Ticket ID", "TKT-Team", "TKT-Status", "TKT-Created Time", "TKT-Closure Date", "TKT-Title")
   select n, 'Team ' || n % 12, case when n % 20 = 0 then 'Open' else 'Closed' end, at, at + interval '1 day', repeat('x', 200)
   from generate_series(1, 60000) as n cross join lateral (values (timestamptz '2025-12-01' - n * interval '26 minutes')) as v (at)`,
  `insert into timesheets ("TS-User Username", "TS-Date", "TS-Time From", "TS-Time To", "TS-Crm ID", "TS-Hours", "TS-Description")
   select 'user' || n % 40, timestamptz '2025-12-01' - n / 160 * interval '1 day', '09:00', '10:00', n / 40 % 4, 1, repeat('x', 100)
   from generate_series(0, 87999) as n`,
  `insert into comments (comment_id, ticket_id, comment_text, created_time)
   select n, n, repeat('x', 100), timestamptz '2025-12-01' - n * interval '10 minutes' from generate_series(1, 20000) as n`,
  "insert into teams (team) select 'Team ' || n from generate_series(0, 11) as n on conflict do nothing",
  "select refresh_team_hours()",
  "select refresh_timesheet_overlaps()",
  "analyze",
];

const WEEK_ROWS = { tickets: (7 * 24 * 60) / 26, timesheets: 7 * 160 };
const ACTIVE_TICKETS = 60_000 / 20;

/** What of the tables of the views each page may read, in rows. A page that is not here may read none. */
const MOST_ROWS: Readonly<Record<string, { readonly tickets: number; readonly timesheets: number }>> = {
  // Opened and closed in 27 weeks, and the backlog. Of timesheets, the newest day alone.
  "/desk": { tickets: 2 * 28 * WEEK_ROWS.tickets + ACTIVE_TICKETS + 100, timesheets: 10 },
  // The days of a hundred pairs; the view reads them four times.
  "/desk/overlaps": { tickets: 10, timesheets: 4 * 3 * 160 },
};

/** The queries of a page, as the form and the links of the pages make them. */
const QUERIES: Readonly<Record<string, readonly string[]>> = {
  "/desk": ["", "weeks=13", "team=Team+7", "team=Team+7&weeks=13"],
  "/desk/overlaps": ["", "weeks=13", "weeks=13&page=20"],
};

async function fill(opened: Database): Promise<void> {
  await opened.transaction(async (transaction) => {
    await transaction.query("select set_config('search_path', quote_ident($1), true)", [opened.schema]);
    for (const statement of CONTENT) await transaction.query(statement);
  });
}

async function readRows(queryable: Queryable): Promise<ReadonlyMap<string, number>> {
  const { rows } = await queryable.query<{ name: string; rows: number }>(
    `select relname as name, (coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::float8 as rows
     from pg_stat_xact_user_tables
     where schemaname = $1 and relname in ('tickets', 'comments', 'timesheets')`,
    [queryable.schema],
  );
  return new Map(rows.map(({ name, rows }) => [name, rows]));
}

describeEachDatabase("at the size of a service desk, a page", (target) => {
  test("reads rows of its period and not the tables", { timeout: 120_000 }, async () => {
    const database = await target.fresh();
    const opened = await database.open().database();
    await fill(opened);
    const found: Record<string, number> = {};
    for (const page of PAGES) {
      const most = MOST_ROWS[page.path] ?? { tickets: 0, timesheets: 0 };
      for (const query of QUERIES[page.path] ?? [""]) {
        await opened.transaction(async (transaction) => {
          // The rows that parallel workers read are not among those of the session.
          await transaction.query("select set_config('max_parallel_workers_per_gather', '0', true)");
          // What earlier transactions read may be among them.
          const before = await readRows(transaction);
          const content = await page.content({
            database: transaction,
            views: await viewCatalog(),
            settings: readSettings({}),
            calendar: new ScheduleCalendar([], 1),
            params: { id: "1" },
            query: new URLSearchParams(query),
          });
          await content.body;
          const after = await readRows(transaction);
          const rowsOf = (table: string): number => (after.get(table) ?? 0) - (before.get(table) ?? 0);
          const name = `${page.path}?${query}`;
          for (const table of ["tickets", "timesheets"] as const) {
            found[`${name} ${table}`] = rowsOf(table);
            expect(rowsOf(table), `${name} ${table}`).toBeLessThanOrEqual(most[table]);
          }
          expect(rowsOf("comments"), name).toBe(0);
        });
      }
    }
    // The counters count: the page of the service desk does read tickets.
    expect(found["/desk? tickets"]).toBeGreaterThan(ACTIVE_TICKETS);
  });
});

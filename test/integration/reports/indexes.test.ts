import { expect, test } from "vitest";
import { type DatabaseUnderTest, describeEachDatabase } from "../../support/each-database.ts";

/** Most tickets are closed and each team has its share; every user books a few entries a day, for months. */
const CONTENT = [
  `insert into tickets ("TKT-Ticket ID", "TKT-Team", "TKT-Status", "TKT-Assigned To User", "TKT-Created By User",
     "TKT-Created Time")
   select n, 'Team ' || n % 20, case when n % 17 = 0 then 'Open' else 'Closed' end, 'User ' || n % 300, 'User ' || n % 500,
     now() - n * interval '1 minute'
   from generate_series(1, 40000) as n`,
  `insert into timesheets ("TS-User Username", "TS-Date", "TS-Crm ID", "TS-User Full Name", "TS-Hours")
   select 'user' || n % 300, date_trunc('day', now()) - n / 600 * interval '1 day', n, 'User ' || n % 300, 1
   from generate_series(1, 60000) as n`,
  `insert into comments (comment_id, ticket_id, user_id, user_name)
   select n, n, 'user' || n % 300, 'User ' || n % 300 from generate_series(1, 10000) as n`,
  "select refresh_user_lookup()",
  "analyze",
];

async function fill(database: DatabaseUnderTest): Promise<void> {
  const opened = await database.open().database();
  await opened.transaction(async (transaction) => {
    await transaction.query("select set_config('search_path', quote_ident($1), true)", [database.schema]);
    for (const statement of CONTENT) await transaction.query(statement);
  });
}

describeEachDatabase(
  "at the size of a service desk",
  (target) => {
    test("reports read only the rows that they need, by an index", async () => {
      const database = await target.fresh();
      await fill(database);
      const planOf = async (query: string): Promise<string> => {
        const rows = await database.sql<{ "QUERY PLAN": string }>(`explain ${query}`);
        return rows.map((row) => row["QUERY PLAN"]).join("\n");
      };
      const backlog = await planOf(`select * from ${database.table("get_team_backlog")}('Team 7')`);
      expect(backlog).toMatch(
        /tickets_team_status.*\n.*Index Cond: .*"TKT-Team" = 'Team 7'.*"TKT-Status" = used/,
      );
      const activity = database.table("v_user_activity");
      const own = /timesheets_unique_entry.*\n.*Index Cond: .*"TS-User Username" = .*"TS-Date" > /;
      const byUser = await planOf(`select * from ${activity} where username = 'user7'`);
      const byName = await planOf(`select * from ${activity} where full_name = 'User 7'`);
      for (const plan of [byUser, byName]) expect(plan).toMatch(own);
      const workload = await planOf(`select * from ${database.table("get_user_workload")}('User 7')`);
      expect(workload).toMatch(own);
      expect(workload).toContain("tickets_assigned_to_user");
      // What every load asks, and what would take longer every year.
      const users = await planOf(`select * from ${database.table("v_booked_users")}`);
      const candidates = await planOf(`select * from ${database.table("v_user_candidates")}`);
      expect(candidates).toContain("comments_user");
      expect(candidates).toContain("tickets_created_by_user");
      for (const plan of [backlog, byUser, byName, workload, users, candidates]) {
        expect(plan).not.toMatch(/Seq Scan on (tickets|timesheets|comments)/);
      }
    });
  },
  ({ engine }) => engine === "postgres",
);

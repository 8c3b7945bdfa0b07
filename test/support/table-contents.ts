import type { DatabaseUnderTest } from "./each-database.ts";
import type { Fields } from "./load-records.ts";
import { tableRows } from "./table-rows.ts";

/** Tables with what a load leaves behind, and what of it depends on the moment. */
const TABLES: Readonly<Record<string, readonly string[]>> = {
  tickets: ["deleted_at"],
  comments: [],
  timesheets: [],
  timesheets_deleted: ["deleted_at"],
  ticket_history: ["changed_at", "history_id"],
  comment_history: ["changed_at", "history_id"],
  timesheet_history: ["changed_at", "history_id"],
  etl_missing: ["missing_at", "missing_id"],
  etl_rejects: ["rejected_at", "reject_id"],
  teams: ["first_seen"],
  user_lookup: ["updated_at"],
  team_hours: [],
  timesheet_overlap_days: ["versions"],
};

/** The rows of all tables that loads write, without what depends on the moment, so that databases can be compared. */
export async function tableContents(database: DatabaseUnderTest): Promise<unknown> {
  const found: Record<string, readonly string[]> = {};
  for (const [table, moments] of Object.entries(TABLES)) {
    const rows = await tableRows(database, table);
    found[table] = rows
      .map((row) => {
        const values = Object.entries(JSON.parse(row) as Fields);
        return JSON.stringify(
          values.filter(([column]) => column !== "missing_id" && !moments.includes(column)),
        );
      })
      .sort();
  }
  return found;
}

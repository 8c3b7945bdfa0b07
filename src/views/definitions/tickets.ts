import { defineView, integer, text, timestamp } from "../view.ts";

/**
 * Three years of tickets. `TKT-Team` is WHO is responsible, `TKT-Category` is WHAT KIND of ticket it is. They were once
 * swapped, which was not noticed for months.
 */
export default defineView({
  name: "tickets",
  order: 1,
  missing: { window: "TKT-Created Time", marginDays: 1, mode: "report" },
  distribution: { column: "TKT-Ticket ID" },
  refreshes: ["refresh_teams", "refresh_user_lookup", "refresh_team_hours", "refresh_status_stays"],
  columns: [
    integer("TKT-Ticket ID", { key: "required" }),
    text("TKT-Title"),
    text("TKT-Description"),
    text("TKT-Status"),
    text("TKT-Severity"),
    text("TKT-Category"),
    text("TKT-Team"),
    text("TKT-Platform"),
    text("TKT-Group"),
    integer("TKT-Assigned To Userid"),
    text("TKT-Assigned To User"),
    integer("TKT-Created By Userid"),
    text("TKT-Created By User"),
    integer("TKT-Account Id"),
    text("TKT-Account Name"),
    text("TKT-Client Name"),
    timestamp("TKT-Created Time", { insertOnly: true }),
    timestamp("TKT-Modified Time", { versionColumn: true }),
    timestamp("TKT-Actual Resolution Date"),
    timestamp("TKT-Closure Date"),
    timestamp("TKT-Due Date"),
    timestamp("TKT-Actual Response Date"),
    text("TKT-SLA"),
    text("TKT-SLA Met"),
    text("TKT-Response Met"),
    text("TKT-Resolution Met"),
    text("TKT-SLA Clock Status"),
    text("TKT-Solution"),
    text("TKT-Root Cause Category"),
    text("TKT-Resolution/Change Type"),
    text("TKT-Ticket Source"),
  ],
  history: {
    table: "ticket_history",
    keys: ["ticket_id"],
    columns: ["TKT-Status", "TKT-Team", "TKT-Assigned To User", "TKT-Severity", "TKT-Category"],
    changedAt: "TKT-Modified Time",
  },
});

import { boolean, defineView, integer, numeric, text, timeOfDay, timestamp } from "../view.ts";

/**
 * Eighteen months of timesheets. They have no id: the user, the date, the start time and the ticket identify an entry.
 * Internal time has neither a start time nor a ticket, so that both may be null in a key.
 */
export default defineView({
  name: "timesheets",
  order: 3,
  missing: {
    window: "TS-Date",
    marginDays: 2,
    mode: "archive",
    sameWhenRekeyed: ["TS-User Username", "TS-Date"],
  },
  distribution: { column: "TS-User Username" },
  refreshes: ["refresh_user_lookup", "refresh_team_hours", "refresh_timesheet_overlaps"],
  columns: [
    text("TS-User Username", { key: "required" }),
    timestamp("TS-Date", { key: "required" }),
    timeOfDay("TS-Time From", { key: "nullable" }),
    integer("TS-Crm ID", { key: "nullable" }),
    text("TS-User Full Name"),
    text("TS-Time To"),
    numeric("TS-Hours"),
    text("TS-Category"),
    text("TS-Sub Category"),
    text("TS-Type"),
    text("TS-Ticket Project Master Code"),
    text("TS-Description"),
    text("TS-Notes"),
    boolean("TS-Billable"),
    boolean("TS-Approved"),
    text("TS-Account Name"),
    text("TS-Account Selcom"),
    text("TS-Costcentre"),
    text("TS-Charge Code"),
    text("TS-Client Bill Code"),
    timestamp("TS-Modified Time", { versionColumn: true }),
  ],
  history: {
    table: "timesheet_history",
    keys: ["username", "entry_date", "time_from", "ticket_id"],
    columns: ["TS-Hours", "TS-Billable", "TS-Approved"],
    changedAt: "TS-Modified Time",
  },
});

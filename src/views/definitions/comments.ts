import { boolean, defineView, integer, text, timestamp } from "../view.ts";

/** The API sends the comments of the last ten days. The table keeps every comment that was ever loaded. */
export default defineView({
  name: "comments",
  order: 2,
  distribution: { column: "ticket_id", with: "tickets" },
  refreshes: ["refresh_user_lookup"],
  missing: { window: "created_time", marginDays: 1, mode: "report" },
  columns: [
    integer("TKTCT-CommentID", { as: "comment_id", key: "required" }),
    integer("TKTCT-TicketID", { as: "ticket_id" }),
    text("TKTCT-Comment", { as: "comment_text" }),
    text("TKTCT-UserID", { as: "user_id" }),
    text("TKTCT-Username", { as: "user_name" }),
    text("TKTCT-OwnerType", { as: "owner_type" }),
    timestamp("TKTCT-Created Time", { as: "created_time", insertOnly: true, versionColumn: true }),
    boolean("TKTCT-VisibleCustomer", { as: "visible_to_customer" }),
    text("TKTCT-Type", { as: "comment_type" }),
    text("TKTCT-Team", { as: "team" }),
  ],
  history: { table: "comment_history", keys: ["comment_id"], columns: ["comment_text"] },
});

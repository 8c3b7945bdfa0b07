import { describe, expect, it } from "vitest";
import { viewCatalog, viewNamed } from "../../../src/views/catalog.ts";
import { versionColumnOf, type ValueType, type View } from "../../../src/views/view.ts";

const views = await viewCatalog();

/** The view's fields of a type, sorted. */
function fieldsOf(view: View, type: ValueType): string[] {
  return view.columns
    .filter((column) => column.type === type)
    .map((column) => column.field)
    .sort();
}

/** A list of names as a document writes it, sorted. */
function names(list: string): string[] {
  return list
    .split(",")
    .map((name) => name.trim())
    .sort();
}

const keyOf = (view: View) =>
  view.columns.filter((column) => column.key !== undefined).map((column) => [column.field, column.key]);
const insertOnlyOf = (view: View) =>
  view.columns.filter((column) => column.insertOnly).map((column) => column.field);

const newerOf = (view: View) =>
  view.columns.filter((column) => column.versionColumn).map((column) => column.field);

describe("the catalogue", () => {
  it("contains the three views in loading order, each with a table of the same name", () => {
    const three = views.filter((view) => ["tickets", "comments", "timesheets"].includes(view.name));
    expect(three.map((view) => view.name)).toEqual(["tickets", "comments", "timesheets"]);
    expect(three.map((view) => view.table)).toEqual(["tickets", "comments", "timesheets"]);
  });

  it("knows which of two records is newer", () => {
    expect(views.flatMap(newerOf)).toEqual(
      expect.arrayContaining(["TKT-Modified Time", "TKTCT-Created Time", "TS-Modified Time"]),
    );
  });

  it("does not know whether a comment is newer than the row it would overwrite: comments are never modified", () => {
    expect(views.map((view) => [view.name, versionColumnOf(view)?.field])).toEqual(
      expect.arrayContaining([
        ["tickets", "TKT-Modified Time"],
        ["comments", undefined],
        ["timesheets", "TS-Modified Time"],
      ]),
    );
  });

  it("finds a view by its name, and lists all names for an unknown one", () => {
    expect(viewNamed(views, "comments").name).toBe("comments");
    expect(() => viewNamed(views, "Tickets")).toThrow(
      expect.objectContaining({
        code: "usage",
        message: 'There is no view "Tickets".',
        remedy: expect.stringContaining("tickets, comments, timesheets"),
      }),
    );
  });
});

describe("tickets", () => {
  const tickets = viewNamed(views, "tickets");

  it("have exactly the fields that OTC serves, each of its type", () => {
    expect(fieldsOf(tickets, "integer")).toEqual(
      names("TKT-Ticket ID, TKT-Assigned To Userid, TKT-Created By Userid, TKT-Account Id"),
    );
    expect(fieldsOf(tickets, "timestamp")).toEqual(
      names(
        `TKT-Created Time, TKT-Modified Time, TKT-Actual Resolution Date, TKT-Closure Date, TKT-Due Date,
         TKT-Actual Response Date`,
      ),
    );
    expect(fieldsOf(tickets, "text")).toEqual(
      names(
        `TKT-Title, TKT-Description, TKT-Status, TKT-Severity, TKT-Category, TKT-Team, TKT-Platform, TKT-Group,
         TKT-Assigned To User, TKT-Created By User, TKT-Account Name, TKT-Client Name, TKT-SLA, TKT-SLA Met,
         TKT-Response Met, TKT-Resolution Met, TKT-SLA Clock Status, TKT-Solution, TKT-Root Cause Category,
         TKT-Resolution/Change Type, TKT-Ticket Source`,
      ),
    );
    expect(tickets.columns).toHaveLength(4 + 6 + 21);
  });

  it("use the fields' names as the columns' names, so that team and category cannot be swapped", () => {
    for (const column of tickets.columns) expect(column.name).toBe(column.field);
  });

  it("are found again by their id, and keep the time of their creation", () => {
    expect(keyOf(tickets)).toEqual([["TKT-Ticket ID", "required"]]);
    expect(insertOnlyOf(tickets)).toEqual(["TKT-Created Time"]);
  });
});

describe("comments", () => {
  const comments = viewNamed(views, "comments");

  it("have exactly the fields that OTC serves, each of its type and in its column", () => {
    const table = comments.columns.map((column) => [column.field, column.name, column.type]);
    expect(table.sort()).toEqual(
      [
        ["TKTCT-CommentID", "comment_id", "integer"],
        ["TKTCT-TicketID", "ticket_id", "integer"],
        ["TKTCT-Comment", "comment_text", "text"],
        ["TKTCT-UserID", "user_id", "text"],
        ["TKTCT-Username", "user_name", "text"],
        ["TKTCT-OwnerType", "owner_type", "text"],
        ["TKTCT-Created Time", "created_time", "timestamp"],
        ["TKTCT-VisibleCustomer", "visible_to_customer", "boolean"],
        ["TKTCT-Type", "comment_type", "text"],
        ["TKTCT-Team", "team", "text"],
      ].sort(),
    );
  });

  it("are found again by their id, and keep the time of their creation", () => {
    expect(keyOf(comments)).toEqual([["TKTCT-CommentID", "required"]]);
    expect(insertOnlyOf(comments)).toEqual(["TKTCT-Created Time"]);
  });
});

describe("timesheets", () => {
  const timesheets = viewNamed(views, "timesheets");

  it("have exactly the fields that OTC serves, each of its type", () => {
    expect(fieldsOf(timesheets, "timestamp")).toEqual(names("TS-Date, TS-Modified Time"));
    expect(fieldsOf(timesheets, "numeric")).toEqual(["TS-Hours"]);
    expect(fieldsOf(timesheets, "integer")).toEqual(["TS-Crm ID"]);
    expect(fieldsOf(timesheets, "boolean")).toEqual(names("TS-Billable, TS-Approved"));
    expect(fieldsOf(timesheets, "text")).toEqual(
      names(
        `TS-User Username, TS-User Full Name, TS-Time From, TS-Time To, TS-Category, TS-Sub Category, TS-Type,
         TS-Ticket Project Master Code, TS-Description, TS-Notes, TS-Account Name, TS-Account Selcom, TS-Costcentre,
         TS-Charge Code, TS-Client Bill Code`,
      ),
    );
    expect(timesheets.columns).toHaveLength(2 + 1 + 1 + 2 + 15);
  });

  it("use the fields' names as the columns' names", () => {
    for (const column of timesheets.columns) expect(column.name).toBe(column.field);
  });

  it("are found again by user, date, start and ticket; internal time lacks the last two", () => {
    expect(keyOf(timesheets)).toEqual([
      ["TS-User Username", "required"],
      ["TS-Date", "required"],
      ["TS-Time From", "nullable"],
      ["TS-Crm ID", "nullable"],
    ]);
    expect(insertOnlyOf(timesheets)).toEqual([]);
  });
});

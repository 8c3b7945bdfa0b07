import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { fileFormatOf } from "../../../src/import/file-format.ts";
import { suggestFromFile } from "../../../src/import/suggest/suggest-from-file.ts";
import comments from "../../../src/views/definitions/comments.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import type { View } from "../../../src/views/view.ts";
import { fileOf } from "../../support/record-file.ts";

async function suggest(view: View, name: string, content: string) {
  const path = await fileOf(name, content);
  const suggestion = await suggestFromFile(
    {
      path,
      stdin: Readable.from([]),
      format: fileFormatOf(path, undefined),
      sheet: undefined,
      delimiter: undefined,
      maxRecordBytes: 1_000_000,
      signal: new AbortController().signal,
      onOpening: () => undefined,
    },
    view,
  );
  const mapping = Object.fromEntries(suggestion.guesses.map(({ column, field }) => [column, field]));
  return { ...suggestion, mapping };
}

describe("a suggested mapping", () => {
  test("names the column that says most, and none whose values the field rejects", async () => {
    const { mapping, others } = await suggest(
      tickets,
      "tickets.csv",
      "Number,Severity,Priority,Opened,Resolved,Closed,Caller.name,Assigned to ID,u_category\n" +
        "1,3 - Low,1 - Critical,2025-03-01 10:00:00,05/31/2025,,ann,abc,mail\n" +
        "2,3 - Low,4 - Low,1/3/2025 11:00,05/30/2025,,bob,abd,print\n",
    );
    expect(mapping).toEqual({
      Number: "TKT-Ticket ID",
      Priority: "TKT-Severity",
      Opened: "TKT-Created Time",
      Closed: "TKT-Closure Date",
      "Caller.name": "TKT-Client Name",
      u_category: "TKT-Category",
    });
    expect(others).toEqual([
      { column: "Severity", reason: undefined },
      {
        column: "Resolved",
        reason:
          'has a name like TKT-Actual Resolution Date, which is of type timestamp, but has values such as "05/31/2025"',
      },
      {
        column: "Assigned to ID",
        reason: expect.stringContaining('of type integer, but has values such as "abc"'),
      },
    ]);
  });

  test("keeps a column with the name of a field, and has no column whose title comes twice", async () => {
    const { mapping, key } = await suggest(
      tickets,
      "tickets.csv",
      "tkt-ticket id,State,TKT-Status,Summary,Summary\n1,Open,whatever,a,b\n",
    );
    expect(mapping).toEqual({ "tkt-ticket id": "TKT-Ticket ID", "TKT-Status": "TKT-Status" });
    expect(key).toEqual({ kind: "own" });
  });

  test("guesses by values alone, but not between two columns that look alike", async () => {
    const records = ["Open", "In Progress", "Closed"].map((phase, index) => ({
      Headline: `Screen ${index} is black`,
      Text: `${index} ${"What the user has tried so far. ".repeat(6)}`,
      Phase: phase,
      Level: index + 1,
      When: `2025-03-0${index + 1}T10:00:00Z`,
    }));
    const lines = (list: readonly object[]) => list.map((record) => JSON.stringify(record)).join("\n");
    const { mapping, key } = await suggest(tickets, "tickets.ndjson", lines(records));
    expect(mapping).toEqual({
      Headline: "TKT-Title",
      Text: "TKT-Description",
      Phase: "TKT-Status",
      Level: "TKT-Severity",
      When: "TKT-Created Time",
    });
    expect(key).toEqual({ kind: "generated", column: undefined, reason: "no column looks like an id" });
    const named = records.map((record, index) => ({ ...record, sys_id: `a${index}f` }));
    expect((await suggest(tickets, "tickets.ndjson", lines(named))).key).toMatchObject({
      kind: "generated",
      column: "sys_id",
    });
    const twice = records.map((record) => ({ ...record, Step: record.Phase, Until: record.When }));
    expect(Object.keys((await suggest(tickets, "tickets.ndjson", lines(twice))).mapping)).toEqual([
      "Headline",
      "Text",
      "Level",
    ]);
  });

  test("is made for each view, and names the part of a key that is missing", async () => {
    const comment = await suggest(
      comments,
      "comments.csv",
      "Id,Ticket,Text,Author,Made,Shown\n5,1,fine,ann,2025-03-01,yes\n6,1,done,bob,2025-03-02,no\n",
    );
    expect(comment.mapping).toEqual({
      Id: "TKTCT-CommentID",
      Ticket: "TKTCT-TicketID",
      Text: "TKTCT-Comment",
      Author: "TKTCT-Username",
      Made: "TKTCT-Created Time",
      Shown: "TKTCT-VisibleCustomer",
    });
    const times = await suggest(timesheets, "times.csv", "Employee,Day,Spent\nann,2025-03-01,7.5\n");
    expect(times.mapping).toEqual({ Employee: "TS-User Username", Day: "TS-Date", Spent: "TS-Hours" });
    expect(times.key).toEqual({ kind: "missing", fields: ["TS-Time From", "TS-Crm ID"] });
  });

  test("makes the key of digits where they cannot collide, and generates it otherwise", async () => {
    const keyOf = async (...numbers: readonly string[]) =>
      (
        await suggest(
          tickets,
          "tickets.csv",
          ["Number,Summary", ...numbers.map((number) => `${number},a`)].join("\n"),
        )
      ).key;
    expect(await keyOf("INC0010001", "INC0010002")).toMatchObject({ kind: "digits" });
    expect(await keyOf("INC0010001", "REQ0010001")).toEqual({
      kind: "generated",
      column: "Number",
      reason: expect.stringContaining('Number is "REQ0010001", but others are INC…'),
    });
    expect(await suggest(tickets, "empty.csv", "Summary,Caller\n")).toMatchObject({
      mapping: { Summary: "TKT-Title", Caller: "TKT-Client Name" },
      records: 0,
      key: { kind: "generated", column: undefined },
    });
  });
});

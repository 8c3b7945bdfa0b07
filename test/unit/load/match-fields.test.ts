import { describe, expect, test } from "vitest";
import { parseColumnMapping } from "../../../src/import/mapping/column-mapping.ts";
import { matchFields } from "../../../src/import/mapping/match-fields.ts";
import comments from "../../../src/views/definitions/comments.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import type { View } from "../../../src/views/view.ts";

function match(view: View, fields: readonly string[], ...maps: readonly string[]) {
  return matchFields(view, { fields, fieldsAre: "all" }, maps.map(parseColumnMapping));
}

describe("matching the fields of a file with a view", () => {
  test("finds them by the name of the field or the column, in any case, with any spaces", () => {
    const naming = match(comments, ["comment_ID", " tktct-created   TIME ", "TKTCT-Comment", "Colour"]);
    expect(naming("comment_ID")).toEqual({ name: "TKTCT-CommentID", holdsTime: false });
    expect(naming(" tktct-created   TIME ")).toEqual({ name: "TKTCT-Created Time", holdsTime: true });
    expect(naming("TKTCT-Comment")?.name).toBe("TKTCT-Comment");
    expect(naming("Colour")).toBeUndefined();
  });

  test("finds them as they are mapped", () => {
    const naming = match(tickets, ["No = Number", "Title"], "no = number=tkt-ticket id", "Title=TKT-Title");
    expect(naming("No = Number")?.name).toBe("TKT-Ticket ID");
    expect(naming("Title")?.name).toBe("TKT-Title");
  });

  test.for([
    [tickets, ["TKT-Title"], [], /no column "TKT-Ticket ID"/, /has "TKT-Title".*None of these/],
    [tickets, ["Ticket Id", "Title"], [], /no column/, /--map "Ticket Id=TKT-Ticket ID"/],
    [timesheets, ["TS-User Username", "TS-Date"], [], /"TS-Time From", "TS-Crm ID"/, /--map/],
    [tickets, ["TKT-Ticket ID", "tkt-ticket id"], [], /Two columns.*"tkt-ticket id"/, /Rename/],
    [tickets, ["TKT-Ticket ID", "A", "A"], ["A=TKT-Title"], /Two columns.*"A" and "A"/, /Rename/],
    [tickets, ["TKT-Ticket ID", "Nr"], ["Nr=TKT-Ticket ID"], /Two columns/, /--map/],
    [tickets, ["TKT-Ticket ID"], ["Titel=TKT-Title"], /"Titel", which is not in the file/, /The file has/],
    [tickets, ["TKT-Ticket ID", "T"], ["T=TKT-Titel"], /not a field of tickets/, /Did you mean "TKT-Title"/],
    [tickets, [], [], /no column/, /no named fields/],
  ] as const)("refuses %# and says what there is", ([view, fields, maps, message, remedy]) => {
    expect(() => match(view, fields, ...maps)).toThrow(
      expect.objectContaining({
        code: "usage",
        message: expect.stringMatching(message),
        remedy: expect.stringMatching(remedy),
      }) as Error,
    );
  });

  test("lets records omit optional parts of the key, and detects two names for a field when they occur", () => {
    const fields = ["TS-User Username", "TS-Date"];
    const naming = matchFields(timesheets, { fields, fieldsAre: "sampled" }, []);
    expect(naming("TS-Crm ID")?.name).toBe("TS-Crm ID");
    expect(() => naming("ts-date")).toThrow(/Two columns/);
  });

  test.for(["TKT-Title", "=TKT-Title", "Title="])("refuses the mapping %j", (text) => {
    expect(() => parseColumnMapping(text)).toThrow(/--map is/);
  });
});

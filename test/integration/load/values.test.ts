import { expect, test } from "vitest";
import comments from "../../../src/views/definitions/comments.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import { describeEachDatabase } from "../../support/each-database.ts";
import { load } from "../../support/load-records.ts";
import { comment, ticket, timesheet } from "../../support/sample-records.ts";

describeEachDatabase("the values of a record", (target) => {
  test("are stored exactly if they are texts", async () => {
    const database = await target.fresh();
    const texts = [
      "",
      " two  spaces ",
      "\\N",
      "\\.",
      "tab\tline\nfeed\rreturn\\backslash\bbell\u0007",
      "'); drop table tickets; --",
      "emoji 👩‍👩‍👧 and \u{10ffff} \u2028 \uFEFF",
      '{"not":"parsed"}',
      "=cmd|' /C calc'!A0",
    ];
    await load(
      database.open(),
      comments,
      texts.map((text, index) => comment(index + 1, { "TKTCT-Comment": text })),
    );
    const rows = await database.sql<{ comment_text: string }>(
      `select comment_text from ${database.table("comments")} order by comment_id`,
    );
    expect(rows.map((row) => row.comment_text)).toEqual(texts);
  });

  test("lose U+0000 and get U+FFFD for half a surrogate pair, in fields and in extra, and both changes are counted", async () => {
    const database = await target.fresh();
    const document =
      '[{"TKTCT-CommentID":1,"TKTCT-Comment":"a\\u0000b\\ud800c\\udc00\\ud83d\\ude00",' +
      '"New\\u0000 field":{"deep":["\\u0000x","\\udfff"]},"plain":"\\\\u0000"}]';
    const loader = database.open();
    expect(await load(loader, comments, document)).toMatchObject({ status: "success", inserted: 1 });
    expect(await database.sql(`select comment_text, extra from ${database.table("comments")}`)).toEqual([
      {
        comment_text: "ab\uFFFDc\uFFFD😀",
        extra: { "New field": { deep: ["x", "\uFFFD"] }, plain: "\\u0000" },
      },
    ]);
    expect(
      await database.sql(`select nuls_removed, surrogates_replaced from ${database.table("etl_metadata")}`),
    ).toEqual([{ nuls_removed: 3, surrogates_replaced: 3 }]);
    // What was repaired once is not a change the next time.
    expect(await load(loader, comments, document)).toMatchObject({ unchanged: 1, updated: 0 });
  });

  test("may be ids beyond 32 bits, and beyond 2^53 as strings", async () => {
    const database = await target.fresh();
    const loader = database.open();
    const ids = [2 ** 31, 2 ** 53 - 1, "9223372036854775807", "-9223372036854775808", "0042"];
    const records = ids.map((id) => ticket(id, { "TKT-Account Id": id }));
    expect(await load(loader, tickets, records)).toMatchObject({ inserted: 5 });
    expect(
      await database.sql(
        `select "TKT-Ticket ID"::text as id, "TKT-Account Id"::text as account
         from ${database.table("tickets")} order by "TKT-Ticket ID"`,
      ),
    ).toEqual(
      ["-9223372036854775808", "42", "2147483648", "9007199254740991", "9223372036854775807"].map((id) => ({
        id,
        account: id,
      })),
    );
    expect(await load(loader, tickets, records)).toMatchObject({ unchanged: 5 });
  });

  test("may be texts of megabytes", async () => {
    const database = await target.fresh();
    const loader = database.open();
    const long = "Ärger mit dem Drucker\n".repeat(50_000);
    const records = [1, 2].map((id) => comment(id, { "TKTCT-Comment": `${id}${long}`, Log: long }));
    expect(await load(loader, comments, records)).toMatchObject({ inserted: 2 });
    expect(
      await database.sql(
        `select md5(comment_text) = md5($1 || $2::text) as same, length(extra ->> 'Log') as extra
         from ${database.table("comments")} where comment_id = 1`,
        ["1", long],
      ),
    ).toEqual([{ same: true, extra: long.length }]);
    expect(await load(loader, comments, records)).toMatchObject({ unchanged: 2 });
  });

  test("keep the digits of numbers that JavaScript would round", async () => {
    const database = await target.fresh();
    const document =
      '[{"TS-User Username":"ann","TS-Date":"2025-03-05","TS-Hours":"0.10000000000000000000001",' +
      '"TS-Notes":12345678901234567890,"Cost":0.1234567890123456789,"Big":12345678901234567890}]';
    await load(database.open(), timesheets, document);
    expect(
      await database.sql(
        `select "TS-Hours" as hours, "TS-Notes" as notes, extra::text as extra from ${database.table("timesheets")}`,
      ),
    ).toEqual([
      {
        hours: "0.10000000000000000000001",
        notes: "12345678901234567890",
        extra: '{"Big": 12345678901234567890, "Cost": 0.1234567890123456789}',
      },
    ]);
  });

  test("without a zone are wall time in OTC_TIMEZONE", async () => {
    const database = await target.fresh();
    const loader = database.open({ OTC_TIMEZONE: "Europe/Berlin" });
    await load(loader, timesheets, [
      timesheet("ann", { "TS-Modified Time": "26/10/2025 2:30" }),
      timesheet("bob", { "TS-Modified Time": "2025-03-30T02:30:00" }),
      timesheet("cid", { "TS-Modified Time": "2025-07-01 00:00:00.123456+1000" }),
    ]);
    expect(
      await database.sql(
        `select to_char("TS-Date" at time zone 'UTC', 'YYYY-MM-DD HH24:MI') as date,
           to_char("TS-Modified Time" at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') as modified
         from ${database.table("timesheets")} order by "TS-User Username"`,
      ),
    ).toEqual([
      { date: "2025-03-04 23:00", modified: "2025-10-26 00:30:00.000000" },
      { date: "2025-03-04 23:00", modified: "2025-03-30 01:30:00.000000" },
      { date: "2025-03-04 23:00", modified: "2025-06-30 14:00:00.123456" },
    ]);
  });
});

describeEachDatabase("the fields of a record", (target) => {
  test("go to extra when the view does not define them, and are reported with their counts", async () => {
    const database = await target.fresh();
    const outcome = await load(database.open(), tickets, [
      ticket(1, { Priority: "P1", Tags: ["a", { b: null }] }),
      ticket(2, { Priority: "P2" }),
      ticket(3),
    ]);
    expect(Object.fromEntries(outcome.drift.unknownFields)).toEqual({ Priority: 2, Tags: 1 });
    expect(outcome.drift.absentFields).toContain("TKT-Solution");
    expect(outcome.drift.absentFields).not.toContain("TKT-Title");
    expect(
      await database.sql(`select extra from ${database.table("tickets")} order by "TKT-Ticket ID"`),
    ).toEqual([
      { extra: { Priority: "P1", Tags: ["a", { b: null }] } },
      { extra: { Priority: "P2" } },
      { extra: null },
    ]);
    expect(
      await database.sql(
        `select unknown_fields, absent_fields ? 'TKT-Solution' as absent from ${database.table("etl_metadata")}`,
      ),
    ).toEqual([{ unknown_fields: { Priority: 2, Tags: 1 }, absent: true }]);
  });

  test("may have hostile names", async () => {
    const database = await target.fresh();
    const document =
      '[{"TKTCT-CommentID":1,"__proto__":{"polluted":true},"constructor":1,"toString":"x","":2,"a\\"b":3}]';
    await load(database.open(), comments, document);
    expect(await database.sql(`select extra::text as extra from ${database.table("comments")}`)).toEqual([
      {
        extra: '{"": 2, "a\\"b": 3, "toString": "x", "__proto__": {"polluted": true}, "constructor": 1}',
      },
    ]);
  });
});

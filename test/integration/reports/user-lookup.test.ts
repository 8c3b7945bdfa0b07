import { pino } from "pino";
import { describe, expect, inject, onTestFinished, test } from "vitest";
import comments from "../../../src/views/definitions/comments.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import {
  readUserConflicts,
  readUsers,
  refreshUsers,
  setUser,
  unsetUser,
} from "../../../src/users/user-lookup.ts";
import { faultyDatabase } from "../../support/database-fault.ts";
import { rightsOfLoader, roleOn } from "../../support/database-role.ts";
import { type DatabaseUnderTest, describeEachDatabase } from "../../support/each-database.ts";
import { load } from "../../support/load-records.ts";
import { comment, ticket, timesheet } from "../../support/sample-records.ts";

function booked(username: string, fullName: unknown, day = "2025-03-05") {
  return timesheet(username, { "TS-User Full Name": fullName, "TS-Date": day });
}

/** A ticket that names people in both its fields. */
function handled(id: number, assignee: string, creator: string) {
  return ticket(id, { "TKT-Assigned To User": assignee, "TKT-Created By User": creator });
}

/** `username → full name (source)`, in order. */
async function lookup(database: DatabaseUnderTest): Promise<readonly string[]> {
  const rows = await database.sql<{ entry: string }>(
    `select username || ' → ' || full_name || ' (' || source || ')' as entry
     from ${database.table("user_lookup")} order by username collate "C"`,
  );
  return rows.map(({ entry }) => entry);
}

describeEachDatabase("the user lookup", (target) => {
  test("takes names from timesheets, and of several names the most frequent one of the newest day", async () => {
    const database = await target.fresh();
    const loader = database.open();
    await load(loader, timesheets, [
      booked("ahofer", "Anna Hofer", "2025-03-05"),
      booked("bhofer", "Bernd Hofer"),
      booked("cmeier", "Clara Meier", "2024-01-01"),
      booked("cmeier", "Clara Huber", "2025-01-01"),
      booked("cmeier", null, "2025-02-01"),
      booked("cmeier", "", "2025-02-02"),
      booked("nameless", null),
    ]);
    const first = ["ahofer → Anna Hofer (timesheets)", "bhofer → Bernd Hofer (timesheets)"];
    expect(await lookup(database)).toEqual([...first, "cmeier → Clara Huber (timesheets)"]);
    const written = `select xmin::text as version from ${database.table("user_lookup")} order by username`;
    const before = await database.sql(written);
    await load(loader, timesheets, [
      booked("dlang", "Doris Lang"),
      booked("cmeier", "C. Huber", "2025-01-01"),
      timesheet("ahofer", { "TS-User Full Name": "Anna Hofer", "TS-Date": "2025-03-05", "TS-Crm ID": 1 }),
      timesheet("ahofer", { "TS-User Full Name": "A. Hofer", "TS-Date": "2025-03-05", "TS-Crm ID": 2 }),
    ]);
    expect(await lookup(database)).toEqual([
      ...first,
      "cmeier → C. Huber (timesheets)",
      "dlang → Doris Lang (timesheets)",
    ]);
    expect((await database.sql(written)).slice(0, 2)).toEqual(before.slice(0, 2));

    const name = `select ${database.table("get_full_name")}($1) as full_name,
      ${database.table("get_short_username")}($2) as username`;
    expect(await database.sql(name, ["ahofer", "Bernd Hofer"])).toEqual([
      { full_name: "Anna Hofer", username: "bhofer" },
    ]);
    expect(await database.sql(name, ["Hofer", "Hofer"])).toEqual([{ full_name: null, username: null }]);
  });

  test("matches other names only if one person fits, and never by the last name alone", async () => {
    const database = await target.fresh();
    const loader = database.open();
    await load(loader, tickets, [
      handled(1, "Jürgen Müller", "Anna Hofer"),
      handled(2, "Karl Lang", "Konrad Lang"),
      handled(3, "Egon Wolf", "Ida O'Brien"),
    ]);
    await load(loader, comments, [
      comment(1, { "TKTCT-UserID": "j.mueller" }),
      comment(2, { "TKTCT-UserID": "hofer" }),
      comment(3, { "TKTCT-UserID": "klang" }),
      comment(4, { "TKTCT-UserID": "wolfe@desk.example" }),
      comment(5, { "TKTCT-UserID": "idaobrien", "TKTCT-Username": "idaobrien" }),
      comment(6, { "TKTCT-UserID": "x71", "TKTCT-Username": "Xaver Hofer" }),
      comment(7, { "TKTCT-UserID": "4711", "TKTCT-Username": "Number Person" }),
    ]);
    const matched = [
      "idaobrien → Ida O'Brien (matched)",
      "j.mueller → Jürgen Müller (matched)",
      "wolfe@desk.example → Egon Wolf (matched)",
      "x71 → Xaver Hofer (matched)",
    ];
    expect(await lookup(database)).toEqual(matched);
    const opened = await loader.database();
    expect(await readUserConflicts(opened)).toEqual([
      { kind: "username", name: "klang", candidates: ["Karl Lang", "Konrad Lang"], chosen: null },
    ]);
    // A second J. Müller: what fitted one person fits two.
    await load(loader, tickets, [handled(4, "Jakob Müller", "Anna Hofer")], { allowShrink: true });
    expect(await lookup(database)).toEqual(matched.filter((entry) => !entry.startsWith("j.mueller")));
    // Timesheets know better.
    await load(loader, timesheets, [booked("klang", "Konrad Lang"), booked("j.mueller", "Jakob Müller")]);
    expect(await lookup(database)).toContain("j.mueller → Jakob Müller (timesheets)");
    expect(await readUserConflicts(opened)).toEqual([]);
  });

  test("keeps manual entries, lists conflicts, and removes both on request", async () => {
    const database = await target.fresh();
    const loader = database.open();
    const records = [
      booked("ahofer", "Anna Hofer", "2024-01-01"),
      booked("ahofer", "Andrea Hofer", "2025-01-01"),
      booked("anna", "Anna Hofer", "2024-05-01"),
      booked("blang", "Bernd Lang"),
    ];
    await load(loader, timesheets, records);
    const opened = await loader.database();
    const conflicts = [
      {
        kind: "username",
        name: "ahofer",
        candidates: ["Andrea Hofer", "Anna Hofer"],
        chosen: "Andrea Hofer",
      },
      { kind: "full name", name: "Anna Hofer", candidates: ["ahofer", "anna"], chosen: "anna" },
    ];
    expect(await readUserConflicts(opened)).toEqual(conflicts);

    await setUser(opened, { username: "ahofer", fullName: "Anna Hofer" });
    await setUser(opened, { username: "newcomer", fullName: "Nina Neu" });
    await load(loader, timesheets, [...records, booked("ahofer", "Andrea Hofer", "2025-06-01")]);
    await refreshUsers(opened);
    expect(await readUserConflicts(opened)).toEqual([]);
    expect(await readUsers(opened)).toMatchObject([
      { username: "ahofer", fullName: "Anna Hofer", source: "manual" },
      { username: "anna", fullName: "Anna Hofer", source: "timesheets" },
      { username: "blang", source: "timesheets" },
      { username: "newcomer", fullName: "Nina Neu", source: "manual" },
    ]);
    expect(
      await database.sql(`select ${database.table("get_short_username")}('Anna Hofer') as username`),
    ).toEqual([{ username: "ahofer" }]);

    for (const username of ["ahofer", "newcomer"]) await unsetUser(opened, username);
    expect(await refreshUsers(opened)).toBe(1);
    expect(await readUserConflicts(opened)).toEqual(conflicts);
    await expect(unsetUser(opened, "blang")).rejects.toMatchObject({ code: "usage" });
    await expect(setUser(opened, { username: " ", fullName: "X" })).rejects.toMatchObject({
      code: "usage",
    });
  });

  test("does not fail a load: a refresh that fails is a warning", async () => {
    const database = await target.fresh();
    await database.sql(
      `alter table ${database.table("user_lookup")} add constraint not_anna check (full_name <> 'Anna Hofer')`,
    );
    const lines: string[] = [];
    const log = pino({ level: "warn" }, { write: (line: string) => void lines.push(line) });
    expect(await load(database.open({}, log), timesheets, [booked("ahofer", "Anna Hofer")])).toMatchObject({
      status: "success",
      inserted: 1,
    });
    expect(lines.find((line) => line.includes("refresh_user_lookup"))).toMatch(/not up to date.*not_anna/);
    expect(await lookup(database)).toEqual([]);
  });
});

const [server] = inject("postgres").slice(-1);

describe.skipIf(server === undefined)("a role that only loads", () => {
  test("keeps the lookup and the teams up to date without rights on them", async () => {
    const database = await faultyDatabase(server!.url, onTestFinished);
    const { env, name } = await roleOn(database, "", await rightsOfLoader());
    await database.sql(`revoke all on servicedesk.user_lookup, servicedesk.teams from ${name}`);
    const loader = database.open(env);
    await load(loader, tickets, [...database.tickets, ticket(99, { "TKT-Team": "Payroll" })]);
    await load(loader, timesheets, [booked("ahofer", "Anna Hofer")]);
    expect(
      await database.sql(
        `select (select array_agg(team order by team) from servicedesk.teams) as teams,
           (select array_agg(full_name) from servicedesk.user_lookup) as users`,
      ),
    ).toEqual([{ teams: ["Network", "Payroll"], users: ["Anna Hofer"] }]);
  });
});

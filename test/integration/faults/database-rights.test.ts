import { describe, expect, inject, onTestFinished, test } from "vitest";
import { checkDatabase } from "../../../src/doctor/check-database.ts";
import { viewCatalog } from "../../../src/views/catalog.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import { expectRolledBack, faultyDatabase, moreTickets } from "../../support/database-fault.ts";
import { rightsOfLoader, roleOn } from "../../support/database-role.ts";
import { startDocumentServer } from "../../support/document-server.ts";
import {
  attemptLoad,
  documentOf,
  failingLoad,
  load,
  loadFromApi,
  loadViews,
} from "../../support/load-records.ts";
import { many, ticket } from "../../support/sample-records.ts";
import { migrateBy } from "../../support/migrate-by.ts";

const [server] = inject("postgres").slice(-1);

describe.skipIf(server === undefined)("a role", () => {
  const { url } = server!;

  test("with the documented rights loads from a file and from OTC, and keeps rejected records", async () => {
    const database = await faultyDatabase(url, onTestFinished);
    const { env } = await roleOn(database, "", await rightsOfLoader());
    const loader = database.open(env);
    expect(await load(loader, tickets, moreTickets(50))).toMatchObject({ status: "success", inserted: 50 });
    const api = await startDocumentServer({
      tickets: documentOf([...moreTickets(50), { "TKT-Ticket ID": "no number" }]),
    });
    const [outcome] = await loadViews(database.open({ ...env, ...api.env }), [tickets]);
    expect(outcome).toMatchObject({ status: "partial", unchanged: 50, errors: 1 });
    const checks = await checkDatabase(() => loader.database(), await viewCatalog());
    // The tests' servers are a superuser's.
    expect(checks.filter((check) => check.state !== "ok")).toMatchObject([{ name: "owner" }]);
  });

  test("without the right to execute the functions of loads is warned by the doctor", async () => {
    const database = await faultyDatabase(url, onTestFinished);
    const { env, name } = await roleOn(database, "", await rightsOfLoader());
    await database.sql(`revoke execute on function servicedesk.refresh_teams() from ${name}`);
    const checks = await checkDatabase(() => database.open(env).database(), await viewCatalog());
    expect(checks.filter((check) => check.state === "failed")).toMatchObject([
      { name: "rights", finding: "missing: EXECUTE on refresh_teams()" },
    ]);
  });

  test("with the documented rights cannot migrate, and is told which right is missing", async () => {
    const database = await faultyDatabase(url, onTestFinished);
    const { env } = await roleOn(database, "", await rightsOfLoader());
    await database.sql("delete from servicedesk.etl_migrations where version = 6");
    await expect(migrateBy(env)).rejects.toMatchObject({
      message: expect.stringMatching(/must be owner of table etl_metadata.*42501/),
      remedy: expect.stringContaining('"Rights"'),
    });
  });

  test("that may not delete keeps missing rows, and the run and the doctor say which right it needs", async () => {
    const database = await faultyDatabase(url, onTestFinished);
    const { env, name } = await roleOn(database, "", await rightsOfLoader());
    await database.sql(`revoke delete on servicedesk.tickets from ${name}`);
    const loader = database.open({ ...env, OTC_MISSING_TICKETS: "archive" });
    const night = many(9, (number) =>
      ticket(1000 + number, { "TKT-Created Time": `2025-05-0${number}T00:00:00Z` }),
    );
    const fewer = night.filter((_, index) => index !== 4);
    await loadFromApi(loader, tickets, night, { allowShrink: true });
    await loadFromApi(loader, tickets, fewer);
    const outcome = await loadFromApi(loader, tickets, fewer);
    expect(outcome).toMatchObject({ status: "partial", missing: 1 });
    expect(outcome.missingProblem).toMatch(/right to DELETE from tickets.*operations/);
    const checks = await checkDatabase(() => loader.database(), await viewCatalog());
    expect(checks.find((check) => check.name === "missing rows")).toMatchObject({
      state: "warning",
      finding: "rights are missing: DELETE on tickets",
    });
    await database.sql(`revoke insert on servicedesk.etl_missing from ${name}`);
    expect(await loadFromApi(loader, tickets, fewer)).toMatchObject({ status: "success", missing: 0 });
    expect(
      await database.sql(
        'select count(*)::integer as n from servicedesk.tickets where "TKT-Ticket ID" > 1000',
      ),
    ).toEqual([{ n: 9 }]);
  });

  test("that may not create tables is told so, and its failure is recorded", async () => {
    const database = await faultyDatabase(url, onTestFinished);
    const { env, name } = await roleOn(database, "", await rightsOfLoader());
    await database.sql(`revoke create on schema servicedesk from ${name}`);
    const outcome = await attemptLoad(database.open(env), tickets, moreTickets(50));
    await expectRolledBack(database, outcome, database.open(), {
      message: /permission denied for schema servicedesk.*42501/,
      remedy: /Rights/,
    });
  });

  test("that may not write the table is told so, and its failure is recorded", async () => {
    const database = await faultyDatabase(url, onTestFinished);
    const { env, name } = await roleOn(database, "", await rightsOfLoader());
    await database.sql(`revoke insert, update on servicedesk.tickets from ${name}`);
    const outcome = await attemptLoad(database.open(env), tickets, moreTickets(50));
    await expectRolledBack(database, outcome, database.open(), {
      message: /permission denied for table tickets.*42501/,
      remedy: /Rights/,
    });
  });

  test("with a single connection loads from a file and from OTC", async () => {
    const database = await faultyDatabase(url, onTestFinished);
    const { env } = await roleOn(database, "connection limit 1", await rightsOfLoader());
    const api = await startDocumentServer({ tickets: documentOf(moreTickets(50)) });
    const loader = database.open({ ...env, ...api.env });
    expect(await load(loader, tickets, moreTickets(49))).toMatchObject({ inserted: 49 });
    expect(await loadViews(loader, [tickets])).toMatchObject([{ status: "success", inserted: 1 }]);
    expect(
      await database.sql("select view_id, answered_at is not null as answered from servicedesk.etl_requests"),
    ).toEqual([{ view_id: "tickets", answered: true }]);
  });

  test("whose connections are all in use is told so", async () => {
    const database = await faultyDatabase(url, onTestFinished);
    const { env } = await roleOn(database, "connection limit 1", await rightsOfLoader());
    const first = database.open(env);
    await (await first.database()).query("select 1");
    await expect(failingLoad(database.open(env), tickets, moreTickets(20))).rejects.toMatchObject({
      code: "database",
      message: expect.stringContaining("too many connections for role"),
      remedy: expect.stringContaining("no connection left"),
    });
    await first.close();
    expect(await load(database.open(env), tickets, moreTickets(20))).toMatchObject({ inserted: 20 });
  });
});

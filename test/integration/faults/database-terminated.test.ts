import { describe, expect, inject, onTestFinished, test } from "vitest";
import tickets from "../../../src/views/definitions/tickets.ts";
import {
  backendRunning,
  expectRolledBack,
  faultyDatabase,
  holdInserts,
  INSERTS,
  moreTickets,
  ENDS_WITHIN_MS,
  outcomeWithin,
} from "../../support/database-fault.ts";
import { attemptLoad, beginLoad } from "../../support/load-records.ts";

const TERMINATED = { message: /terminating connection due to administrator command.*57P01/ };

describe.each(inject("postgres"))("a backend that is terminated (PostgreSQL $major)", ({ url }) => {
  test("in COPY ends the load at once, even while the source is silent", async () => {
    const database = await faultyDatabase(url, onTestFinished);
    const loader = database.open();
    const held = await beginLoad(loader, tickets, moreTickets(50));
    await database.sql("select pg_terminate_backend($1)", [await backendRunning(database, "^copy")]);
    await expectRolledBack(database, await outcomeWithin(held, ENDS_WITHIN_MS), loader, TERMINATED);
  });

  test("in COPY while rows are sent ends the load with the server's reason", async () => {
    const database = await faultyDatabase(url, onTestFinished);
    const loader = database.open();
    const held = await beginLoad(loader, tickets, moreTickets(2000, "long ".repeat(500)));
    await database.sql("select pg_terminate_backend($1)", [await backendRunning(database, "^copy")]);
    held.finish();
    await expectRolledBack(database, await outcomeWithin(held, ENDS_WITHIN_MS), loader, TERMINATED);
  });

  test("while it waits to classify ends the load", async () => {
    const database = await faultyDatabase(url, onTestFinished);
    const loader = database.open();
    const analyst = await database.session();
    await analyst.query(`begin; lock table servicedesk.tickets in row exclusive mode`);
    const outcome = attemptLoad(loader, tickets, moreTickets(50));
    await database.sql("select pg_terminate_backend($1)", [await backendRunning(database, "lock table")]);
    const failed = await outcomeWithin(outcome, ENDS_WITHIN_MS);
    await analyst.query("rollback");
    await expectRolledBack(database, failed, loader, TERMINATED);
  });

  test("while it applies the delta ends the load", async () => {
    const database = await faultyDatabase(url, onTestFinished);
    const loader = database.open();
    const inserts = await holdInserts(database);
    const outcome = attemptLoad(loader, tickets, moreTickets(50));
    const pid = await backendRunning(database, INSERTS);
    await database.sql("select pg_terminate_backend($1)", [pid]);
    const failed = await outcomeWithin(outcome, ENDS_WITHIN_MS);
    await inserts.release();
    await expectRolledBack(database, failed, loader, TERMINATED);
    expect(failed).toMatchObject({ fetched: 50, errors: 0, inserted: 0 });
  });
});

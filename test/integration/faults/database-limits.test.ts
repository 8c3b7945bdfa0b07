import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
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
import { startDocumentServer } from "../../support/document-server.ts";
import { attemptLoad, beginLoad, documentOf, load, loadViews } from "../../support/load-records.ts";
import { many, ticket } from "../../support/sample-records.ts";

const [server] = inject("postgres").slice(-1);

describe.skipIf(server === undefined)("a time limit", () => {
  const { url } = server!;

  test("of locks ends a load while an analyst has locked the table", async () => {
    const database = await faultyDatabase(url, onTestFinished, { OTC_LOCK_TIMEOUT_MS: "200" });
    const loader = database.open();
    const analyst = await database.session();
    await analyst.query("begin; lock table servicedesk.tickets in access exclusive mode");
    const outcome = await outcomeWithin(attemptLoad(loader, tickets, moreTickets(50)), ENDS_WITHIN_MS);
    await analyst.query("rollback");
    await expectRolledBack(database, outcome, loader, {
      message: /lock timeout.*55P03/,
      remedy: /OTC_LOCK_TIMEOUT_MS/,
    });
  });

  test("of locks is not reached because an analyst reads", async () => {
    const database = await faultyDatabase(url, onTestFinished, { OTC_LOCK_TIMEOUT_MS: "200" });
    const analyst = await database.session();
    await analyst.query("begin; select * from servicedesk.tickets");
    expect(await load(database.open(), tickets, moreTickets(50))).toMatchObject({ inserted: 50 });
    await analyst.query("rollback");
  });

  test("of statements ends a load that takes too long to write", async () => {
    const database = await faultyDatabase(url, onTestFinished, { OTC_STATEMENT_TIMEOUT_MS: "1000" });
    const loader = database.open();
    const inserts = await holdInserts(database);
    const outcome = await outcomeWithin(attemptLoad(loader, tickets, moreTickets(50)), ENDS_WITHIN_MS);
    await inserts.release();
    await expectRolledBack(database, outcome, loader, {
      message: /statement timeout.*57014/,
      remedy: /OTC_STATEMENT_TIMEOUT_MS/,
    });
  });

  test("of statements ends a COPY whose source goes on too slowly", async () => {
    const database = await faultyDatabase(url, onTestFinished, { OTC_STATEMENT_TIMEOUT_MS: "1000" });
    const loader = database.open();
    const held = await beginLoad(loader, tickets, moreTickets(2000, "long ".repeat(500)));
    // The limit counts from the beginning of the COPY.
    await backendRunning(database, "^copy");
    await sleep(1500);
    held.finish();
    await expectRolledBack(database, await outcomeWithin(held, ENDS_WITHIN_MS), loader, {
      message: /statement timeout.*57014/,
    });
  });

  test("of idleness ends a load whose source does not answer, and is the recorded reason", async () => {
    const database = await faultyDatabase(url, onTestFinished, { OTC_IDLE_TIMEOUT_MS: "1000" });
    const api = await startDocumentServer({ tickets: "[]" }, { 1: { kind: "stall-headers" } });
    const loader = database.open({ ...api.env, OTC_TIMEOUT_MS: "3000", OTC_RETRIES: "1" });
    const [outcome] = await loadViews(loader, [tickets]);
    await expectRolledBack(database, outcome!, database.open({ OTC_IDLE_TIMEOUT_MS: "60000" }), {
      message: /idle-in-transaction timeout.*25P03/,
      remedy: /OTC_IDLE_TIMEOUT_MS/,
    });
  });

  test("of temporary files on the server fails a load that would need more", async () => {
    const database = await faultyDatabase(url, onTestFinished);
    const loader = database.open();
    await database.sql(
      `do $$ begin
         execute format('alter database %I set temp_file_limit = ''64kB''', current_database());
       end $$`,
    );
    // A load itself has memory enough for what a test can have; what hangs on the table may not.
    await database.sql(
      `create function servicedesk.sort_much() returns trigger language plpgsql set work_mem = '64kB' as $$
       begin
         perform count(*) from (select n from generate_series(1, 100000) n order by random()) sorted;
         return null;
       end $$`,
    );
    await database.sql(
      `create trigger sort_much after insert on servicedesk.tickets
       for each statement execute function servicedesk.sort_much()`,
    );
    const outcome = await attemptLoad(database.open(), tickets, moreTickets(50));
    await database.sql(
      "do $$ begin execute format('alter database %I reset temp_file_limit', current_database()); end $$",
    );
    await database.sql("drop trigger sort_much on servicedesk.tickets");
    await expectRolledBack(database, outcome, loader, { message: /temp_file_limit.*53400/ });
  });
});

/** Raises the error so many times; a sequence counts, because a rollback does not undo it. */
function raising(sqlState: string, times: number): string {
  return `
    create sequence servicedesk.raised;
    create function servicedesk.raise_some() returns trigger language plpgsql as $$
    begin
      if nextval('servicedesk.raised') <= ${times} then
        raise exception 'as the test wants it' using errcode = '${sqlState}';
      end if;
      return null;
    end $$;
    create trigger raise_some after insert on servicedesk.tickets
      for each statement execute function servicedesk.raise_some()`;
}

describe.skipIf(server === undefined)("a conflict with another session", () => {
  const { url } = server!;

  test.each(["40001", "40P01"])("(%s) is retried without another fetch", async (sqlState) => {
    const database = await faultyDatabase(url, onTestFinished);
    await database.sql(raising(sqlState, 2));
    const document = documentOf([...moreTickets(50), ...many(5, (id) => ticket(id))]);
    // Standard input can be read once.
    const outcome = await attemptLoad(database.open(), tickets, Readable.from([Buffer.from(document)]));
    expect(outcome).toMatchObject({
      status: "success",
      fetched: 55,
      inserted: 50,
      unchanged: 5,
      errors: 0,
      metrics: { retries: 2 },
    });
    expect(
      await database.sql(
        "select load_status, retries, savepoints, commits, rollbacks from servicedesk.etl_metadata where run_id = $1",
        [outcome.runId],
      ),
    ).toEqual([{ load_status: "success", retries: 2, savepoints: 11, commits: 1, rollbacks: 0 }]);
  });

  test("that does not end fails the load after three retries", async () => {
    const database = await faultyDatabase(url, onTestFinished);
    await database.sql(raising("40001", 1000));
    const loader = database.open();
    const outcome = await attemptLoad(loader, tickets, moreTickets(50));
    expect(await database.sql("select last_value::int as raised from servicedesk.raised")).toEqual([
      { raised: 4 },
    ]);
    await database.sql("drop trigger raise_some on servicedesk.tickets");
    await expectRolledBack(database, outcome, loader, { message: /as the test wants it.*40001/ });
  });

  test("that PostgreSQL detects as a deadlock is retried", async () => {
    const database = await faultyDatabase(url, onTestFinished);
    // A session looks for a deadlock once, so long after it began to wait: by then the analyst's has to wait as well.
    await database.sql(
      "do $$ begin execute format('alter database %I set deadlock_timeout = ''3s''', current_database()); end $$",
    );
    await database.sql(
      `create table servicedesk.audit (id integer primary key, seen integer);
       insert into servicedesk.audit values (1, 0);
       create function servicedesk.note() returns trigger language plpgsql as
         $$ begin update servicedesk.audit set seen = seen + 1; return null; end $$;
       create trigger note after insert on servicedesk.tickets for each statement execute function servicedesk.note()`,
    );
    const analyst = await database.session();
    await analyst.query("set deadlock_timeout = '1min'; begin; update servicedesk.audit set seen = 100");
    const outcome = attemptLoad(database.open(), tickets, moreTickets(50));
    await backendRunning(database, INSERTS);
    // Now each waits for the other; the load is the one that notices.
    await analyst.query(`update servicedesk.tickets set "TKT-Status" = 'Checked' where "TKT-Ticket ID" = 1`);
    await analyst.query("commit");
    expect(await outcome).toMatchObject({ status: "success", inserted: 50, metrics: { retries: 1 } });
    expect(await database.sql("select seen from servicedesk.audit")).toEqual([{ seen: 101 }]);
  });
});

import { spawnSync } from "node:child_process";
import { hostname } from "node:os";
import { expect, test } from "vitest";
import { migrate } from "../../../src/database/migrations/migrations.ts";
import comments from "../../../src/views/definitions/comments.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import { type DatabaseUnderTest, describeEachDatabase } from "../../support/each-database.ts";
import { beginLoad, failingLoad, load } from "../../support/load-records.ts";
import { comment, many, ticket } from "../../support/sample-records.ts";

/** Puts a run on record that nobody will close. @returns its id */
async function leaveRunning(
  database: DatabaseUnderTest,
  run: { readonly pid: number; readonly host?: string; readonly age?: string },
): Promise<number> {
  const [row] = await database.sql<{ run_id: number }>(
    `insert into ${database.table("etl_metadata")}
       (view_name, load_status, source, host, pid, otc_etl_version, load_start)
     values ('tickets', 'running', 'a test', $1, $2, '0.0.0', now() - $3::interval)
     returning run_id`,
    [run.host ?? hostname(), run.pid, run.age ?? "0"],
  );
  return row?.run_id ?? 0;
}

async function statusOf(database: DatabaseUnderTest, runId: number): Promise<unknown> {
  const [row] = await database.sql<{ load_status: string }>(
    `select load_status from ${database.table("etl_metadata")} where run_id = $1`,
    [runId],
  );
  return row?.load_status;
}

/** The id of a process that has ended. */
function deadProcess(): number {
  return spawnSync(process.execPath, ["--eval", ""]).pid;
}

describeEachDatabase(
  "two loads at once",
  (target) => {
    test("of one view: the second is refused with the holder's name, and the first is not disturbed", async () => {
      const database = await target.fresh();
      const held = await beginLoad(database.open(), tickets, many(3, ticket));
      const refused = await failingLoad(database.open(), tickets, [ticket(9)]);
      const [first] = await database.sql<{ run_id: number }>(
        `select run_id from ${database.table("etl_metadata")} where load_status = 'running'`,
      );
      expect(refused.error).toMatchObject({ code: "locked" });
      expect(refused.error.message).toContain(`run ${first?.run_id ?? "?"} `);
      expect(refused.error.message).toContain(`process ${process.pid} on ${hostname()}`);
      expect(refused.error.message).toMatch(/since \d{4}-\d{2}-\d{2}T/);
      held.finish();
      expect(await held.outcome).toMatchObject({ status: "success", inserted: 3 });
      expect(
        await database.sql(
          `select load_status, error_code from ${database.table("etl_metadata")} order by run_id`,
        ),
      ).toEqual([
        { load_status: "success", error_code: null },
        { load_status: "failed", error_code: "locked" },
      ]);
    });

    test("of two views do not block each other", async () => {
      const database = await target.fresh();
      const held = await beginLoad(database.open(), tickets, many(3, ticket));
      expect(await load(database.open(), comments, [comment(1)])).toMatchObject({ inserted: 1 });
      held.finish();
      expect(await held.outcome).toMatchObject({ status: "success" });
    });

    test("and a migration: it is refused while a load runs, and refuses none afterwards", async () => {
      const database = await target.fresh();
      const held = await beginLoad(database.open(), tickets, many(3, ticket));
      const other = await database.open().database();
      await expect(migrate(other, () => undefined)).rejects.toMatchObject({ code: "locked" });
      held.finish();
      await held.outcome;
      expect(await migrate(other, () => undefined)).toEqual([]);
    });

    test("let readers see the old rows until the commit", async () => {
      const database = await target.fresh();
      await load(database.open(), tickets, many(2, ticket));
      const held = await beginLoad(
        database.open(),
        tickets,
        many(2, (number) => ticket(number, { "TKT-Status": "Closed" })),
      );
      const statuses = () =>
        database.sql(`select distinct "TKT-Status" as status from ${database.table("tickets")}`);
      expect(await statuses()).toEqual([{ status: "Open" }]);
      held.finish();
      await held.outcome;
      expect(await statuses()).toEqual([{ status: "Closed" }]);
    });

    test("do not abandon a young run whose process is alive, or may be alive on another host", async () => {
      const database = await target.fresh();
      const here = await leaveRunning(database, { pid: process.pid });
      const elsewhere = await leaveRunning(database, { pid: deadProcess(), host: "another.example" });
      await load(database.open(), tickets, [ticket(1)]);
      expect(await statusOf(database, here)).toBe("running");
      expect(await statusOf(database, elsewhere)).toBe("running");
    });
  },
  ({ engine }) => engine === "postgres",
);

describeEachDatabase(
  "two processes on one embedded database",
  (target) => {
    test("are impossible: the second is told which process has it open", async () => {
      const database = await target.fresh();
      await database.open().database();
      const second = database.open().database();
      await expect(second).rejects.toMatchObject({ code: "locked" });
      await expect(second).rejects.toThrow(`process ${process.pid} on ${hostname()}`);
    });
  },
  ({ engine }) => engine === "embedded",
);

describeEachDatabase("a run that was never closed", (target) => {
  test("is marked abandoned by the next load of its view when its process is dead", async () => {
    const database = await target.fresh();
    const dead = await leaveRunning(database, { pid: deadProcess() });
    const old = await leaveRunning(database, { pid: process.pid, host: "another.example", age: "1 hour" });
    const loader = database.open();
    await load(loader, comments, [comment(1)]);
    expect(await statusOf(database, dead)).toBe("running");
    await load(loader, tickets, [ticket(1)]);
    expect(await statusOf(database, dead)).toBe("abandoned");
    expect(await statusOf(database, old)).toBe("abandoned");
    expect(
      await database.sql(
        `select error_message is not null as said, load_end is not null as ended
         from ${database.table("etl_metadata")} where run_id = $1`,
        [dead],
      ),
    ).toEqual([{ said: true, ended: true }]);
  });
});

describeEachDatabase("a loader", (target) => {
  test("can be closed twice, and before it was used", async () => {
    const database = await target.fresh();
    await database.open().close();
    const loader = database.open();
    await load(loader, tickets, [ticket(1)]);
    await loader.close();
    await loader.close();
    // What it held is free for the next.
    expect(await load(database.open(), tickets, [ticket(1)])).toMatchObject({ unchanged: 1 });
  });
});

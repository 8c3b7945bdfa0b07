import { open, readdir } from "node:fs/promises";
import { expect, test } from "vitest";
import {
  expectUntouched,
  FAST,
  runStatuses,
  seed,
  SECOND_DOCUMENT,
  withLoader,
} from "../support/aftermath.ts";
import { type DatabaseUnderTest, describeEachDatabase } from "../support/each-database.ts";
import { kill, loadStoppedIn, type Stage } from "../support/interrupted-load.ts";
import { documentOf } from "../support/load-records.ts";
import { runCli, startCli, temporaryFolder } from "../support/run-cli.ts";
import { SESSIONS_OF_OTC_ETL } from "../support/postgres-database.ts";
import { many, ticket } from "../support/sample-records.ts";

const STAGES: readonly Stage[] = ["fetch", "copy", "classify", "apply", "before commit"];

/** No session of otc-etl but the one that asks. */
async function expectNoSession(database: DatabaseUnderTest): Promise<void> {
  await expect
    .poll(
      () =>
        database.sql(
          `select query from pg_stat_activity
           where datname = current_database() and ${SESSIONS_OF_OTC_ETL} and pid <> pg_backend_pid()`,
        ),
      { timeout: 30_000 },
    )
    .toEqual([]);
}

describeEachDatabase(
  "a load that is killed",
  (target) => {
    test.for(STAGES)(
      "leaves nothing in step %s, and the next load marks its run as abandoned",
      async (stage) => {
        const database = await target.fresh();
        const before = await seed(database);
        const { cli, release } = await loadStoppedIn(database, stage);
        await kill(cli);
        // What it waited for is still there: the server notices by itself that nobody wants the answer any more.
        await expectNoSession(database);
        await release();
        await expectUntouched(database, before, { status: "running" });
      },
    );
  },
  ({ name }) => name === "PostgreSQL 18",
);

describeEachDatabase(
  "a load that fails outside of the database",
  (target) => {
    test("has loaded everything when it is killed after the commit", async () => {
      const database = await target.fresh();
      await seed(database);
      const { cli, release } = await loadStoppedIn(database, "after commit");
      await kill(cli);
      await release();
      const next = await runCli(["load", "tickets", "--from", "-", "--json"], {
        env: { ...FAST, ...database.env },
        input: SECOND_DOCUMENT,
      });
      expect(JSON.parse(next.stdout)).toMatchObject({ status: "success", fetched: 60, unchanged: 60 });
      const statuses = await withLoader(database, async (loader) => runStatuses(await loader.database()));
      expect(statuses).toEqual(["success", "success", "success"]);
    });

    test("leaves no record in the temporary folder when it is killed", async () => {
      const database = await target.fresh();
      const constraint = `alter table ${database.table("tickets")} add constraint none check ("TKT-Ticket ID" < 0)`;
      await database.sql(constraint);
      // More than memory holds of them.
      const large = many(60, (number) => ticket(number, { "TKT-Description": "secret ".repeat(20_000) }));
      const first = await runCli(["load", "tickets", "--from", "-", "--max-errors", "100"], {
        env: { ...FAST, ...database.env },
        input: documentOf(large),
      });
      expect(first.code).toBe(3);
      await database.sql(`alter table ${database.table("tickets")} drop constraint none`);

      const folder = await temporaryFolder();
      const { cli, release } = await loadStoppedIn(database, "apply", { TMPDIR: folder }, [
        "rejects",
        "retry",
      ]);
      await kill(cli);
      expect(await readdir(folder, { recursive: true })).toEqual([]);
      await release();
    });

    test("exits 0 when it is interrupted after the commit: nothing is rolled back", async () => {
      const database = await target.fresh();
      await seed(database);
      const { cli, release } = await loadStoppedIn(database, "after commit");
      cli.process.kill("SIGINT");
      await database.sql(
        "select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep'",
      );
      expect(await cli.result).toMatchObject({ code: 0, stdout: expect.stringContaining("success") });
      await release();
    });

    test("changes nothing when its memory runs out", async () => {
      const database = await target.fresh();
      const before = await seed(database);
      // An unknown field: only what JSON.parse has to read comes into the heap. Half as much would do.
      const huge = ticket(1, { Odd: "a\n".repeat(6_000_000) });
      const { code, stderr } = await runCli(["load", "tickets", "--from", "-"], {
        env: { ...FAST, ...database.env, NODE_OPTIONS: "--max-old-space-size=24" },
        input: documentOf([huge]),
      });
      expect(code).not.toBe(0);
      expect(code).not.toBe(3);
      expect(stderr).toContain("heap out of memory");
      await expectUntouched(database, before, { status: "running" });
    });

    test("is not disturbed by a full disk for its log or its output", async () => {
      const database = await target.fresh();
      await seed(database);
      const full = await open("/dev/full", "w");
      try {
        const cli = await startCli(["load", "tickets", "--from", "-", "--verbose"], {
          env: { ...FAST, ...database.env },
          input: SECOND_DOCUMENT,
          stdio: { stdout: full.fd, stderr: full.fd },
        });
        expect(await cli.result).toMatchObject({ code: 0 });
      } finally {
        await full.close();
      }
      expect(await database.sql(`select count(*)::int from ${database.table("tickets")}`)).toEqual([
        { count: 60 },
      ]);
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);

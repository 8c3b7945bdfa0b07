import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from "vitest";
import type { Environment } from "../../../src/config/read-settings.ts";
import { DatabaseError } from "../../../src/database/database-error.ts";
import { checkDistribution } from "../../../src/doctor/check-distribution.ts";
import { Loader } from "../../../src/loader/loader.ts";
import { viewCatalog } from "../../../src/views/catalog.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import { CITUS_SCHEMA, CITUS_VARIABLE } from "../../support/citus.ts";
import { type CitusServers, findCitusPrograms, startCitusServers } from "../../support/citus-servers.ts";
import { attemptLoad, load } from "../../support/load-records.ts";
import { withClient } from "../../support/postgres-database.ts";
import { many, ticket } from "../../support/sample-records.ts";

type Victim = "worker" | "coordinator";

/** When a server is killed: before or after a worker gets a statement from the coordinator. */
interface Moment {
  readonly statement: string;
  /** Whether the worker executes it. Its answer does not arrive in any case. */
  readonly isExecuted: boolean;
  /** Whether the coordinator has committed by then. */
  readonly isCommitted: boolean;
  /** Which server's end leaves a prepared transaction, which Citus has to finish. */
  readonly unfinishedBy: readonly Victim[];
}

const MOMENTS: Readonly<Record<string, Moment>> = {
  "while rows are staged": {
    statement: "COPY servicedesk.etl_staging",
    isExecuted: false,
    isCommitted: false,
    unfinishedBy: [],
  },
  "while rows are written": {
    statement: "INSERT INTO servicedesk.tickets",
    isExecuted: false,
    isCommitted: false,
    unfinishedBy: [],
  },
  "before a worker is prepared, as the other one is": {
    statement: "PREPARE TRANSACTION",
    isExecuted: false,
    isCommitted: false,
    unfinishedBy: ["coordinator"],
  },
  "when both workers are prepared": {
    statement: "PREPARE TRANSACTION",
    isExecuted: true,
    isCommitted: false,
    unfinishedBy: ["worker", "coordinator"],
  },
  "between the commits of both workers": {
    statement: "COMMIT PREPARED",
    isExecuted: false,
    isCommitted: true,
    unfinishedBy: ["worker", "coordinator"],
  },
  "when both workers have committed": {
    statement: "COMMIT PREPARED",
    isExecuted: true,
    isCommitted: true,
    unfinishedBy: [],
  },
};

/** A statement that is executed needs so long, in milliseconds. */
const EXECUTION_MS = 200;

/** So long a load waits in vain for a transaction that is not finished, in milliseconds. */
const WAIT_MS = 1000;

const citus = inject("citus");
const bin = citus === null ? undefined : await findCitusPrograms(citus.url);
if (bin === undefined) {
  process.stderr.write(
    `SKIPPED "a server of a Citus cluster": ${CITUS_VARIABLE} has to name a coordinator whose programs are on this machine\n`,
  );
}

describe.skipIf(bin === undefined)("a server of a Citus cluster", () => {
  let servers: CitusServers;
  let seeded = 0;
  beforeAll(async () => {
    servers = await startCitusServers(bin ?? "");
  });
  afterAll(() => servers.destroy());

  function open(env: Environment = {}): Loader {
    const loader = new Loader({
      env: { OTC_DATABASE_URL: servers.url, OTC_PG_SCHEMA: CITUS_SCHEMA, ...env },
      flags: {},
      log: pino({ level: "silent" }),
    });
    onTestFinished(() => loader.close());
    return loader;
  }

  async function sql<Row>(text: string): Promise<readonly Row[]> {
    return withClient(servers.url, async (client) => (await client.query(text)).rows as Row[]);
  }

  const rows = (): Promise<readonly unknown[]> =>
    sql(`select (to_jsonb(t) - 'etl_fingerprint')::text as "row" from ${CITUS_SCHEMA}.tickets t order by 1`);

  const lastRun = (): Promise<readonly unknown[]> =>
    sql(
      `select load_status as status, error_code as code from ${CITUS_SCHEMA}.etl_metadata order by run_id desc limit 1`,
    );

  describe.each(["worker", "coordinator"] as const)("that is a %s", (victim) => {
    test.each(Object.entries(MOMENTS))(
      "is killed %s, and the load is on all servers or on none",
      async (_, moment) => {
        const { statement, isExecuted, isCommitted, unfinishedBy } = moment;
        const loader = open();
        const version = (name: string, count: number) =>
          many(count, (id) => ticket(seeded * 1000 + id, { "TKT-Title": `${name} ${id}` }));
        seeded += 1;
        const next = version("second", 90);
        await load(loader, tickets, version("first", 50), { allowShrink: true });
        const before = await rows();

        const { server: worker, proxy } = servers.workers[0]!;
        const message = Buffer.from(statement);
        if (isExecuted) proxy.swallowAnswerTo(message, "freeze");
        else proxy.freezeBefore(message);
        const hit = attemptLoad(loader, tickets, next);
        await expect.poll(() => proxy.trapped).toBe(true);
        await sleep(EXECUTION_MS);
        const killed = victim === "worker" ? worker : servers.coordinator;
        await killed.stop("killed");
        proxy.tellServers();
        proxy.tellClients();
        await killed.start();

        const outcome = await hit;
        expect(outcome.status).toBe(isCommitted ? "success" : "failed");
        if (outcome.status === "failed") {
          expect(outcome.error).toBeInstanceOf(DatabaseError);
          expect(outcome.error).toMatchObject({ isTransient: true });
        }
        expect(await lastRun()).toEqual([{ status: outcome.status, code: isCommitted ? null : "database" }]);
        // What is only prepared, nobody sees.
        if (!isCommitted) expect(await rows()).toEqual(before);

        const check = async () => checkDistribution(await loader.database(), await viewCatalog());
        if (unfinishedBy.includes(victim)) {
          await expect.poll(check).toMatchObject({
            state: "warning",
            finding: expect.stringMatching(/prepared transaction/) as unknown,
          });
          const impatient = await attemptLoad(open({ OTC_LOCK_TIMEOUT_MS: String(WAIT_MS) }), tickets, next);
          expect(impatient).toMatchObject({
            status: "failed",
            error: { code: "database", isTransient: true },
          });
        } else expect(await check()).toMatchObject({ state: "ok" });

        // The next load waits until Citus has finished what is left.
        const again = attemptLoad(loader, tickets, next);
        await sleep(WAIT_MS);
        await sql("select recover_prepared_transactions()");
        if (isCommitted) expect(await again).toMatchObject({ status: "success", unchanged: 90, inserted: 0 });
        else
          expect(await again).toMatchObject({ status: "success", updated: 50, inserted: 40, unchanged: 0 });
        expect(await check()).toMatchObject({ state: "ok" });
        expect(
          await sql(
            `select count(*)::int as "rows", count(*) filter (where "TKT-Title" ~ '^second')::int as second
           from ${CITUS_SCHEMA}.tickets where "TKT-Ticket ID" / 1000 = ${seeded}`,
          ),
        ).toEqual([{ rows: 90, second: 90 }]);
      },
    );
  });
});

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import type { Environment } from "../../../src/config/read-settings.ts";
import { OtcError } from "../../../src/errors/otc-error.ts";
import type { LoadProgress } from "../../../src/load/load-context.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import { expectUntouched, SECOND, seed } from "../../support/aftermath.ts";
import { startDocumentServer } from "../../support/document-server.ts";
import { type DatabaseUnderTest, describeEachDatabase } from "../../support/each-database.ts";
import { beginLoad, failingLoad, loadViews } from "../../support/load-records.ts";
import { queryMessage, startTcpProxy } from "../../support/tcp-proxy.ts";

/** A cancellation that comes too late, and hits what comes next on its session, does so now and then. */
const ABORTS = 30;

const STEPS: readonly LoadProgress["step"][] = ["fetch", "stage", "classify", "apply", "commit"];

describeEachDatabase(
  "an exception",
  (target) => {
    test("in any step rolls the load back, and is the recorded reason", async () => {
      const database = await target.fresh();
      const loader = database.open();
      const before = await seed(database, loader);
      for (const step of STEPS) {
        const outcome = await failingLoad(loader, tickets, SECOND, {
          onProgress: (progress) => {
            if (progress.step === step) throw new Error(`a defect in ${step}`);
          },
        });
        expect(outcome.error.message).toBe(`a defect in ${step}`);
      }
      const runs = await database.sql(
        `select error_message as message, error_code as code, rollbacks from ${database.table("etl_metadata")}
         where load_status = 'failed' order by run_id`,
      );
      expect(runs).toEqual(
        STEPS.map((step) => ({ message: `a defect in ${step}`, code: "internal", rollbacks: 1 })),
      );
      const message = /^a defect in commit$/;
      await expectUntouched(database, before, { status: "failed", code: "internal", message }, loader);
    });
  },
  ({ name }) => name === "PostgreSQL 18" || name === "embedded",
);

/** A loader whose connection is cut when it rolls back, with a row in its table. */
async function loaderThatCannotRollBack(database: DatabaseUnderTest, api: Environment = {}) {
  const url = new URL(database.env["OTC_DATABASE_URL"] ?? "");
  const proxy = await startTcpProxy({ host: url.hostname, port: Number(url.port) });
  onTestFinished(() => proxy.close());
  url.port = String(proxy.port);
  const loader = database.open({ ...api, OTC_DATABASE_URL: url.href });
  const before = await seed(database, loader);
  proxy.swallowAnswerTo(queryMessage("rollback"), "cut");
  return { loader, before };
}

describeEachDatabase(
  "the first error is the one reported when the rollback fails as well",
  (target) => {
    test("and it came from OTC", async () => {
      const database = await target.fresh();
      const server = createServer((_, response) => response.writeHead(401).end("{}")).listen(0, "127.0.0.1");
      await once(server, "listening");
      onTestFinished(() => {
        server.close();
        server.closeAllConnections();
      });
      const { port } = server.address() as AddressInfo;
      const { env } = await startDocumentServer({});
      const { loader, before } = await loaderThatCannotRollBack(database, {
        ...env,
        OTC_API_URL: `http://127.0.0.1:${port}/`,
      });
      const [outcome] = await loadViews(loader, [tickets]);
      expect(outcome).toMatchObject({ status: "failed", error: { code: "source_rejected" } });
      const recorded = { status: "failed", code: "source_rejected", message: /status 401/ } as const;
      await expectUntouched(database, before, recorded, loader);
    });

    test("and it came from a guard", async () => {
      const database = await target.fresh();
      const { loader, before } = await loaderThatCannotRollBack(database);
      const outcome = await failingLoad(loader, tickets, []);
      expect(outcome.error).toMatchObject({ code: "guard" });
      const message = /0 records, fewer than half/;
      await expectUntouched(database, before, { status: "failed", code: "guard", message }, loader);
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);

describeEachDatabase(
  "a load that is aborted",
  (target) => {
    test("is recorded each time, whenever the cancellation arrives", async () => {
      const database = await target.fresh();
      const loader = database.open();
      const before = await seed(database, loader);
      for (let count = 1; count <= ABORTS; count += 1) {
        const abort = new AbortController();
        const held = await beginLoad(loader, tickets, SECOND, { signal: abort.signal });
        abort.abort(new OtcError("interrupted", `Aborted for the ${count}. time`));
        expect(await held.outcome).toMatchObject({ status: "failed", error: { code: "interrupted" } });
      }
      const open = await database.sql(
        `select run_id, load_status from ${database.table("etl_metadata")} where load_status <> 'failed'`,
      );
      expect(open).toEqual([{ run_id: 1, load_status: "success" }]);
      await expectUntouched(database, before, { status: "failed", code: "interrupted" }, loader);
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);

import { expect, test } from "vitest";
import { FAST, SECOND_DOCUMENT, seed } from "../support/aftermath.ts";
import { startDocumentServer } from "../support/document-server.ts";
import { type DatabaseUnderTest, describeEachDatabase } from "../support/each-database.ts";
import { documentOf } from "../support/load-records.ts";
import { startCollector } from "../support/otlp-collector.ts";
import { jsonLines, runCli } from "../support/run-cli.ts";
import { ticket } from "../support/sample-records.ts";

const PARENT = { trace: "0af7651916cd43dd8448eb211c80319c", span: "b7ad6b7169203331" };

/** What takes long to load, and one kind of command needs: traces, the worker, and the embedded database. */
const HEAVY = ["@opentelemetry/", "pg-boss", "@electric-sql/pglite"];

/** Says on stderr which heavy packages are loaded. */
const WATCH_IMPORTS = `import { registerHooks } from "node:module";
registerHooks({ resolve(specifier, context, next) {
  if (${JSON.stringify(HEAVY)}.some((name) => specifier.startsWith(name))) {
    process.stderr.write("IMPORTED " + specifier + "\\n");
  }
  return next(specifier, context);
} });`;

const WATCHED = { nodeOptions: ["--import", `data:text/javascript,${encodeURIComponent(WATCH_IMPORTS)}`] };

const cliEnv = (database: DatabaseUnderTest) => ({ ...FAST, ...database.env });

describeEachDatabase(
  "traces",
  (target) => {
    test("show a load and its steps, with the outcome, under the span of the caller", async () => {
      const database = await target.fresh();
      await seed(database);
      const otc = await startDocumentServer(
        { tickets: SECOND_DOCUMENT },
        { 1: { kind: "reset", bytes: 3000 } },
      );
      const collector = await startCollector();
      const env = {
        ...cliEnv(database),
        ...otc.env,
        ...collector.env,
        OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test",
        TRACEPARENT: `00-${PARENT.trace}-${PARENT.span}-01`,
      };
      const { code, stdout, stderr } = await runCli(["load", "tickets", "--json"], { env, ...WATCHED });
      expect({ code, stderr }).toMatchObject({ code: 0 });
      // So the test below would see it.
      expect(stderr).toContain("IMPORTED @opentelemetry/");
      const [outcome] = jsonLines(stdout);

      const root = collector.spans.find(({ name }) => name === "load tickets");
      expect(root).toMatchObject({ traceId: PARENT.trace, parentId: PARENT.span, failed: false });
      expect(root?.attributes).toMatchObject({
        "otc_etl.view": "tickets",
        "otc_etl.run_id": outcome!["runId"],
        "otc_etl.kind": "load",
        "otc_etl.status": "success",
        "otc_etl.fetched": 60,
        "otc_etl.inserted": 40,
        "otc_etl.updated": 1,
        "otc_etl.skipped": 19,
        "otc_etl.retries": 1,
        "otc_etl.payload_bytes": SECOND_DOCUMENT.length,
        "db.system.name": "postgresql",
      });
      const steps = collector.spans
        .filter(({ parentId, traceId }) => parentId === root?.spanId && traceId === PARENT.trace)
        .toSorted((a, b) => Number(a.start - b.start));
      expect(steps.map(({ name, failed }) => (failed ? `${name} failed` : name))).toEqual([
        "fetch",
        "stage failed",
        "fetch",
        "stage",
        "classify",
        "apply",
        "refresh",
        "commit",
      ]);
      for (const { start, end } of steps) {
        expect(start >= root!.start && end >= start && end <= root!.end).toBe(true);
      }
      expect(steps[1]?.attributes).toMatchObject({ "error.type": "source", "otc_etl.retries_before": 0 });
      expect(steps[2]?.attributes).toMatchObject({ "otc_etl.retries_before": 1 });
      expect(collector.resource).toMatchObject({
        "service.name": "otc-etl",
        "deployment.environment.name": "test",
      });
    });

    test("of a failed load contain its error code, and nothing of a record or a secret", async () => {
      const database = await target.fresh();
      const collector = await startCollector();
      const document = documentOf([ticket("canary of a record")]).replace(/\}\]\}\}$/, "} canary");
      const otc = await startDocumentServer({ tickets: document });
      const { code } = await runCli(["load", "tickets"], {
        env: {
          ...cliEnv(database),
          ...otc.env,
          ...collector.env,
          OTC_API_PASSWORD: "canary",
          OTC_RETRIES: "0",
          OTEL_SERVICE_NAME: "nightly",
        },
      });
      expect(code).toBe(1);
      const root = collector.spans.find(({ name }) => name === "load tickets");
      expect(root).toMatchObject({ failed: true, events: ["exception"], parentId: "" });
      expect(root?.attributes).toMatchObject({ "otc_etl.status": "failed", "error.type": "document" });
      expect(collector.resource["service.name"]).toBe("nightly");
      expect(collector.bytes().includes("canary")).toBe(false);
    });

    test("are not created by default, which loads nothing heavy, and a collector that hangs delays no load", async () => {
      const database = await target.fresh();
      const load = ["load", "tickets", "--from", "-", "--json"];
      const input = SECOND_DOCUMENT;
      const begun = performance.now();
      const none = await runCli(load, {
        env: { ...cliEnv(database), OTEL_SERVICE_NAME: "nightly" },
        input,
        ...WATCHED,
      });
      expect(none.code).toBe(0);
      expect(none.stderr).not.toContain("IMPORTED");

      const collector = await startCollector(false);
      const noneEnded = performance.now();
      const env = { ...cliEnv(database), ...collector.env, OTEL_TRACES_EXPORTER: "otlp,console" };
      const held = await runCli(load, { env, input });
      expect(held.code).toBe(0);
      // Four seconds at most for the spans; what is left to itself waits ten. The rest is as slow as the machine.
      expect(performance.now() - noneEnded).toBeLessThan(3 * (noneEnded - begun) + 6000);
      expect(held.stderr).toContain("traces are not delivered, but loads continue");
      // Spans that were asked for on the console do not stand among the data.
      expect(held.stderr).toContain("span load tickets");
      expect(jsonLines(held.stdout)).toHaveLength(1);
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);

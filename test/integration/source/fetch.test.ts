import { expect, test } from "vitest";
import comments from "../../../src/views/definitions/comments.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import { type DocumentServer, type Fault, startDocumentServer } from "../../support/document-server.ts";
import { describeEachDatabase } from "../../support/each-database.ts";
import { documentOf, loadViews } from "../../support/load-records.ts";
import { comment, many, ticket } from "../../support/sample-records.ts";

const DOCUMENT = documentOf(many(300, ticket));

/** The pause between the end of one request and the beginning of the next, in milliseconds. */
function pauses({ requests }: DocumentServer): number[] {
  return requests.slice(1).map((request, index) => request.at - (requests[index]?.endedAt ?? NaN));
}

/** How an attempt can break that another may get past. */
const BREAKAGES: readonly (readonly [name: string, fault: Fault])[] = [
  ["a 500", { kind: "status", status: 500 }],
  ["a 408", { kind: "status", status: 408 }],
  ["a connection reset in the middle", { kind: "reset", bytes: 20_000 }],
  ["a connection reset before the first byte", { kind: "reset", bytes: 0 }],
  ["a body shorter than announced", { kind: "cut-length", bytes: 20_000 }],
  ["a body cut short behind a clean end", { kind: "cut-chunked", bytes: 20_000 }],
  ["a body that ends between two records", { kind: "cut-chunked", bytes: DOCUMENT.indexOf(',{"TKT', 9000) }],
  ["a body that lacks its last byte", { kind: "cut-chunked", bytes: DOCUMENT.length - 1 }],
  ["gzip cut short", { kind: "encoding", encoding: "gzip", cutBytes: 100 }],
  ["gzip without its checksum", { kind: "encoding", encoding: "gzip", cutBytes: 8 }],
  ["brotli cut short", { kind: "encoding", encoding: "br", cutBytes: 100 }],
  ["zstd cut short", { kind: "encoding", encoding: "zstd", cutBytes: 100 }],
  ["what is not gzip", { kind: "body", body: DOCUMENT, headers: { "content-encoding": "gzip" } }],
  ["silence instead of headers", { kind: "stall-headers" }],
  ["silence in the body", { kind: "stall-body", bytes: 20_000 }],
];

/** Those that reach the database in different ways: embedded, a load takes another path through COPY. */
const ON_EMBEDDED = ["a connection reset in the middle", "gzip cut short", "silence in the body"];

describeEachDatabase(
  "a fetch",
  (target) => {
    const breakages = BREAKAGES.filter(
      ([name]) => target.engine === "postgres" || ON_EMBEDDED.includes(name),
    );

    test.for(breakages)(
      "is retried after %s, and nothing of the failed attempt remains",
      async ([, fault]) => {
        const database = await target.fresh();
        const server = await startDocumentServer({ tickets: DOCUMENT }, { 1: fault });
        const [outcome] = await loadViews(database.open({ ...server.env, OTC_TIMEOUT_MS: "400" }), [tickets]);
        expect(outcome).toMatchObject({
          status: "success",
          fetched: 300,
          inserted: 300,
          duplicates: 0,
          errors: 0,
        });
        expect(server.requests).toHaveLength(2);
        expect(
          await database.sql(
            "select relname from pg_class where relname ~ '^etl_(staging|delta)' and relkind = 'r'",
          ),
        ).toEqual([]);
      },
    );

    test("keeps no rejected records of a failed attempt", async () => {
      const database = await target.fresh();
      const records = many(300, (number) => ticket(number, number === 3 ? { "TKT-Due Date": "?" } : {}));
      const server = await startDocumentServer(
        { tickets: documentOf(records) },
        { 1: { kind: "reset", bytes: 20_000 } },
      );
      const [outcome] = await loadViews(database.open(server.env), [tickets]);
      expect(outcome).toMatchObject({ status: "partial", errors: 1, inserted: 299 });
      expect(await database.sql(`select position from ${database.table("etl_rejects")}`)).toEqual([
        { position: 3 },
      ]);
    });
  },
  ({ name }) => name === "embedded" || name === "PostgreSQL 18",
);

describeEachDatabase(
  "a fetch that cannot succeed",
  (target) => {
    test.for<[name: string, fault: Fault, code: string]>([
      ["401", { kind: "status", status: 401 }, "source_rejected"],
      ["403", { kind: "status", status: 403 }, "source_rejected"],
      ["404", { kind: "status", status: 404 }, "source_rejected"],
      ["204", { kind: "status", status: 204 }, "source_rejected"],
      ["a web page with status 200", { kind: "body", body: "<html><h1>Maintenance</h1></html>" }, "document"],
      ["an error with status 200", { kind: "body", body: '{"error":{"message":"quota"}}' }, "document"],
      ["an empty body", { kind: "body", body: "" }, "document"],
      ["a list that is no list of records", { kind: "body", body: '{"message":{"rows":[]}}' }, "document"],
    ])("is not retried after %s", async ([, fault, code]) => {
      const database = await target.fresh();
      const server = await startDocumentServer({ tickets: DOCUMENT }, { 1: fault });
      const [outcome] = await loadViews(database.open(server.env), [tickets]);
      expect(outcome).toMatchObject({ status: "failed", error: { code } });
      expect(server.requests).toHaveLength(1);
      expect(
        await database.sql(`select load_status, error_code from ${database.table("etl_metadata")}`),
      ).toEqual([{ load_status: "failed", error_code: code }]);
    });

    test("fails when the retries are used up, and records the last reason", async () => {
      const database = await target.fresh();
      const fault: Fault = { kind: "status", status: 503 };
      const server = await startDocumentServer({ tickets: DOCUMENT }, { 1: fault, 2: fault, 3: fault });
      const [outcome] = await loadViews(database.open({ ...server.env, OTC_RETRIES: "2" }), [tickets]);
      expect(server.requests).toHaveLength(3);
      expect(outcome).toMatchObject({ status: "failed", error: { code: "source" } });
      const [run] = await database.sql<{ error_message: string }>(
        `select error_message from ${database.table("etl_metadata")}`,
      );
      expect(run?.error_message).toContain("status 503");
      expect(run?.error_message).not.toContain("secret");
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);

// What follows is between us and OTC; one database is enough to load into.
describeEachDatabase(
  "the requests of a fetch",
  (target) => {
    test("wait as long as Retry-After says, whatever the back-off", async () => {
      const database = await target.fresh();
      const server = await startDocumentServer(
        { tickets: DOCUMENT },
        { 1: { kind: "status", status: 429, headers: { "retry-after": "1" } } },
      );
      const [outcome] = await loadViews(database.open(server.env), [tickets]);
      expect(outcome).toMatchObject({ status: "success", inserted: 300 });
      expect(pauses(server)[0]).toBeGreaterThan(950);
    });

    test("double the wait with each attempt", async () => {
      const database = await target.fresh();
      const fault: Fault = { kind: "status", status: 502 };
      const server = await startDocumentServer({ tickets: DOCUMENT }, { 1: fault, 2: fault, 3: fault });
      await loadViews(database.open({ ...server.env, OTC_RETRY_BASE_MS: "100" }), [tickets]);
      // Jittered down by up to half.
      const [first, second, third] = pauses(server);
      expect(first).toBeGreaterThan(45);
      expect(second).toBeGreaterThan(95);
      expect(third).toBeGreaterThan(195);
    });

    test("leave the configured time between requests and between views, also for a retry", async () => {
      const database = await target.fresh();
      const server = await startDocumentServer(
        { tickets: DOCUMENT, comments: documentOf([comment(1)]) },
        { 1: { kind: "status", status: 500 } },
      );
      const env = { ...server.env, OTC_REQUEST_INTERVAL_MS: "300", OTC_VIEW_GAP_MS: "600" };
      await loadViews(database.open(env), [tickets, comments]);
      expect(server.requests.map((request) => request.id)).toEqual(["tickets", "tickets", "comments"]);
      const [retry, view] = pauses(server);
      expect(retry).toBeGreaterThan(280);
      expect(view).toBeGreaterThan(580);
    });

    test("identify themselves and accept only what the loader can read", async () => {
      const database = await target.fresh();
      const server = await startDocumentServer({ tickets: DOCUMENT });
      await loadViews(database.open(server.env), [tickets]);
      const headers = server.requests[0]?.headers;
      expect(headers?.authorization).toBe(
        `Basic ${Buffer.from("etl:secret of the test").toString("base64")}`,
      );
      expect(headers?.["accept-encoding"]).toBe("zstd, gzip, br");
      expect(headers?.["user-agent"]).toMatch(/^otc-etl\/\d/);
    });

    test.for(["gzip", "br", "zstd"] as const)("read %s", async (encoding) => {
      const database = await target.fresh();
      const server = await startDocumentServer({ tickets: DOCUMENT }, { 1: { kind: "encoding", encoding } });
      const [outcome] = await loadViews(database.open(server.env), [tickets]);
      expect(outcome).toMatchObject({ status: "success", inserted: 300, payloadBytes: DOCUMENT.length });
    });

    test("follow a redirect, but do not send the password to another host", async () => {
      const database = await target.fresh();
      const elsewhere = await startDocumentServer({ tickets: DOCUMENT });
      const here = await startDocumentServer(
        { tickets: DOCUMENT },
        {
          1: { kind: "redirect", to: "/elsewhere?id=tickets" },
          3: { kind: "redirect", to: `${elsewhere.url.replace("127.0.0.1", "localhost")}?id=tickets` },
        },
      );
      const loader = database.open(here.env);
      expect(await loadViews(loader, [tickets])).toMatchObject([{ status: "success", inserted: 300 }]);
      expect(here.requests).toHaveLength(2);
      expect(here.requests[1]?.headers.authorization).toMatch(/^Basic /);
      expect(await loadViews(loader, [tickets])).toMatchObject([{ status: "success", unchanged: 300 }]);
      expect(elsewhere.requests).toHaveLength(1);
      expect(elsewhere.requests[0]?.headers.authorization).toBeUndefined();
    });

    test("stop a loop of redirects", async () => {
      const database = await target.fresh();
      const loop: Fault = { kind: "redirect", to: "/again?id=tickets" };
      const server = await startDocumentServer(
        { tickets: DOCUMENT },
        Object.fromEntries(Array.from({ length: 40 }, (_, index) => [index + 1, loop])),
      );
      const [outcome] = await loadViews(database.open(server.env), [tickets]);
      expect(outcome?.status).toBe("failed");
      expect(server.requests.length).toBeLessThan(40);
    });

    test("say what to check when OTC does not answer", async () => {
      const database = await target.fresh();
      const server = await startDocumentServer({});
      const env = { ...server.env, OTC_API_URL: "http://127.0.0.1:1/views", OTC_RETRIES: "0" };
      const [outcome] = await loadViews(database.open(env), [tickets]);
      expect(outcome).toMatchObject({
        status: "failed",
        error: { code: "source", retryable: true, remedy: expect.stringContaining("OTC_API_URL") },
      });
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);

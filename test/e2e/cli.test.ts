import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { callCli } from "../support/call-cli.ts";
import { type Fault, startDocumentServer } from "../support/document-server.ts";
import { type DatabaseUnderTest, describeEachDatabase } from "../support/each-database.ts";
import { documentOf } from "../support/load-records.ts";
import { CANARY, expectPlain, jsonLines, runCli, startCli, temporaryFolder } from "../support/run-cli.ts";
import { comment, many, ticket, timesheet } from "../support/sample-records.ts";

const CONTRACT_KEYS = [
  "view",
  "status",
  "runId",
  "fetched",
  "inserted",
  "updated",
  "skipped",
  "errors",
  "duplicates",
  "unchanged",
  "durationMs",
];

const DOCUMENTS = {
  tickets: documentOf(many(30, ticket)),
  comments: documentOf(many(20, comment)),
  timesheets: documentOf([timesheet("ann"), timesheet("bob")]),
};

const QUICK = {
  OTC_REQUEST_INTERVAL_MS: "0",
  OTC_VIEW_GAP_MS: "0",
  OTC_RETRY_BASE_MS: "1",
  OTC_API_PASSWORD: CANARY,
};

/** A server of documents and what a command needs to load from it into the database. */
async function setUp(database: DatabaseUnderTest, faults: Readonly<Record<number, Fault>> = {}) {
  const server = await startDocumentServer(DOCUMENTS, faults);
  const env: Record<string, string | undefined> = { ...database.env, ...server.env, ...QUICK };
  return { server, env };
}

describeEachDatabase(
  "otc-etl",
  (target) => {
    test("migrates, loads all views, loads them again and shows their status", async () => {
      const database = await target.fresh({ migrated: false });
      const { env } = await setUp(database);

      const early = await callCli(["load"], { env });
      expect(early.code).toBe(2);
      expect(early.stderr).toContain("otc-etl migrate");

      const migrated = await runCli(["migrate", "--json"], { env });
      expect(migrated.code).toBe(0);
      expect(jsonLines(migrated.stdout)[0]).toMatchObject({ version: 1, name: "tickets" });
      expect(await callCli(["migrate", "--json"], { env })).toMatchObject({ code: 0, stdout: "" });

      const first = await runCli(["load", "--json"], { env });
      expect(first).toMatchObject({ code: 0, stderr: expect.stringContaining("committed") });
      expectPlain(first);
      const outcomes = jsonLines(first.stdout);
      expect(outcomes).toMatchObject([
        { view: "tickets", status: "success", fetched: 30, inserted: 30 },
        { view: "comments", status: "success", fetched: 20, inserted: 20 },
        { view: "timesheets", status: "success", fetched: 2, inserted: 2 },
      ]);
      for (const outcome of outcomes)
        expect(Object.keys(outcome)).toEqual(expect.arrayContaining(CONTRACT_KEYS));

      const second = await callCli(["load"], { env: { ...env, NO_COLOR: "1" } });
      expect(second.code).toBe(0);
      expectPlain(second);
      expect(second.stdout).toMatch(/^tickets +success +\d+ +30 +0 +0 +30 +0 /m);

      const status = await runCli(["status", "--json"], { env });
      expect(status).toMatchObject({ code: 0, stderr: "" });
      expect(jsonLines(status.stdout)).toMatchObject([
        { view: "tickets", rows: 30, rejects: 0, runs: [{ status: "success" }, { status: "success" }] },
        { view: "comments", rows: 20 },
        { view: "timesheets", rows: 2 },
      ]);
      expectPlain(await callCli(["status"], { env }));
      expect(
        await database.sql(
          `select count(*) as leaks from ${database.table("etl_metadata")} m where m::text like $1`,
          [`%${CANARY}%`],
        ),
      ).toEqual([{ leaks: 0 }]);
    });

    test("finds no problem", async () => {
      const { env } = await setUp(await target.fresh());
      const well = await runCli(["doctor"], { env });
      expect(well).toMatchObject({ code: 0, stderr: "" });
      expectPlain(well);
    });
  },
  ({ name }) => name === "embedded" || name === "PostgreSQL 18",
);

describeEachDatabase(
  "otc-etl doctor",
  (target) => {
    test("names each problem", async () => {
      const database = await target.fresh();
      const { env } = await setUp(database, { 1: { kind: "status", status: 401 } });
      const refused = await callCli(["doctor", "--json"], { env });
      expect(refused.code).toBe(1);
      expect(jsonLines(refused.stdout)).toContainEqual(
        expect.objectContaining({
          name: "API",
          state: "failed",
          remedy: expect.stringContaining("OTC_API_PASSWORD"),
        }),
      );
      expectPlain(refused);
      const bare = await callCli(["doctor"], { env: database.env });
      expect(bare.code).toBe(1);
      expect(bare.stdout).toMatch(/failed +API settings: Not set: OTC_API_URL/);
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);

describeEachDatabase(
  "otc-etl load",
  (target) => {
    test("writes logs that are JSON line by line", async () => {
      const database = await target.fresh();
      const { env } = await setUp(database, {
        1: { kind: "status", status: 500 },
        3: { kind: "status", status: 404 },
      });
      const { code, stderr, stdout } = await runCli(["load", "--log-format", "json", "--json", "--verbose"], {
        env,
      });
      expect(code).toBe(1);
      const lines = jsonLines(stderr);
      expect(lines.length).toBeGreaterThan(5);
      for (const line of lines)
        expect(line).toMatchObject({ level: expect.any(String), msg: expect.any(String) });
      expect(lines).toContainEqual(expect.objectContaining({ level: "warn", attempt: 1, view: "tickets" }));
      expect(jsonLines(stdout)).toHaveLength(3);
      expect(stdout + stderr).not.toContain(CANARY);
    });

    test("exits 3 when records are in quarantine, 1 when it had to roll back", async () => {
      const database = await target.fresh();
      const input = documentOf([ticket(1), ticket(2), ticket(3, { "TKT-Due Date": "5/13/2016" })]);
      const partial = await callCli(["load", "tickets", "--from", "-", "--json"], {
        env: database.env,
        input,
      });
      expect(partial.code).toBe(3);
      expect(jsonLines(partial.stdout)).toMatchObject([{ status: "partial", inserted: 2, errors: 1 }]);

      const strict = await callCli(["load", "tickets", "--from", "-", "--json", "--max-errors", "0"], {
        env: database.env,
        input,
      });
      expect(strict.code).toBe(1);
      const [failed] = jsonLines(strict.stdout);
      expect(failed).toMatchObject({ status: "failed", errors: 1, inserted: 0, errorCode: "guard" });
      expect(Object.keys(failed ?? {})).toEqual(expect.arrayContaining([...CONTRACT_KEYS, "error"]));

      const damaged = await callCli(["load", "tickets", "--from", "-"], {
        env: database.env,
        input: input.slice(0, -1),
      });
      expect(damaged.code).toBe(1);
      expect(damaged.stderr).toContain("cut short");
      const shrunk = await callCli(["load", "tickets", "--from", "-"], {
        env: database.env,
        input: documentOf([ticket(1)]),
      });
      expect(shrunk).toMatchObject({ code: 1, stderr: expect.stringContaining("--allow-shrink") });
      const allowed = await callCli(["load", "tickets", "--from", "-", "--allow-shrink", "--quiet"], {
        env: database.env,
        input: documentOf([ticket(1)]),
      });
      expect(allowed).toMatchObject({ code: 0, stdout: "" });
      // Warnings are not silenced: here, that most fields are absent.
      expect(allowed.stderr).toMatch(/^\S+ WARN: schema drift: [^\n]*\n$/);
    });

    test("loads files, plain and compressed, by their content and not by their names", async () => {
      const database = await target.fresh();
      const folder = await temporaryFolder();
      await writeFile(join(folder, "comments.json"), DOCUMENTS.comments);
      await writeFile(join(folder, "comments.json.gz"), gzipSync(DOCUMENTS.comments));
      await writeFile(join(folder, "misnamed.json"), zstdCompressSync(DOCUMENTS.comments));
      const { env } = database;
      const first = await runCli(["load", "comments", "--from", "comments.json", "--json"], {
        env,
        cwd: folder,
      });
      expect(first.code).toBe(0);
      expect(jsonLines(first.stdout)).toMatchObject([{ source: "comments.json", fetched: 20, inserted: 20 }]);
      for (const file of [join(folder, "comments.json.gz"), join(folder, "misnamed.json")]) {
        const { code, stdout } = await callCli(["load", "comments", "--from", file, "--json"], { env });
        expect(code).toBe(0);
        expect(jsonLines(stdout)).toMatchObject([{ source: file, fetched: 20, unchanged: 20 }]);
      }
      const piped = await runCli(["load", "comments", "--from", "-", "--json"], {
        env: database.env,
        input: gzipSync(DOCUMENTS.comments),
      });
      expect(jsonLines(piped.stdout)).toMatchObject([{ source: "standard input", unchanged: 20 }]);
    });

    test("refuses a --from that cannot be read as wrong usage, and opens no run", async () => {
      const database = await target.fresh();
      for (const command of ["load", "plan"]) {
        for (const [path, why] of [
          ["nowhere.json", "no such file or directory"],
          [".", "it is not a file"],
        ] as const) {
          const refused = await callCli([command, "comments", "--from", path], { env: database.env });
          expect(refused).toMatchObject({ code: 2, stdout: "" });
          expect(refused.stderr).toContain(`otc-etl: Cannot read ${path}: ${why}`);
        }
      }
      expect(await database.sql(`select from ${database.table("etl_metadata")}`)).toEqual([]);
    });

    test("reads a pipe, as --from <(command) is one", async () => {
      const database = await target.fresh();
      const folder = await temporaryFolder();
      const pipe = join(folder, "pipe");
      execFileSync("mkfifo", [pipe]);
      const loading = startCli(["load", "comments", "--from", pipe, "--json"], {
        env: database.env,
        input: "",
      });
      await Promise.all([loading, writeFile(pipe, gzipSync(DOCUMENTS.comments))]);
      const { code, stdout } = await (await loading).result;
      expect(code).toBe(0);
      expect(jsonLines(stdout)).toMatchObject([{ source: pipe, inserted: 20 }]);
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);

describeEachDatabase(
  "the secrets",
  (target) => {
    test("may be in files and in .env, and appear nowhere", async () => {
      const database = await target.fresh();
      const { env, server } = await setUp(database);
      const folder = await temporaryFolder();
      await writeFile(join(folder, "api-password"), `${CANARY}\n`);
      const url = new URL(env["OTC_DATABASE_URL"] ?? "");
      await writeFile(join(folder, "pg-password"), `${decodeURIComponent(url.password)}\n`);
      await writeFile(
        join(folder, ".env"),
        [
          "OTC_API_USERNAME=from-dotenv",
          "OTC_API_PASSWORD_FILE=api-password",
          `OTC_PG_HOST=${url.hostname}`,
          `OTC_PG_PORT=${url.port}`,
          `OTC_PG_DATABASE=${url.pathname.slice(1)}`,
          `OTC_PG_USER=${url.username}`,
          "OTC_PG_PASSWORD_FILE=pg-password",
        ].join("\n"),
      );
      const rest = {
        ...env,
        OTC_API_USERNAME: undefined,
        OTC_API_PASSWORD: undefined,
        OTC_DATABASE_URL: undefined,
      };
      const result = await runCli(["load", "tickets", "--verbose"], { env: rest, cwd: folder });
      expect(result.code).toBe(0);
      expect(server.requests[0]?.headers.authorization).toBe(
        `Basic ${Buffer.from(`from-dotenv:${CANARY}`).toString("base64")}`,
      );
      const settings = await runCli(["settings"], { env: rest, cwd: folder });
      for (const { stdout, stderr } of [result, settings]) {
        for (const secret of [CANARY, url.password]) expect(stdout + stderr).not.toContain(secret);
      }
    });

    test("do not appear when the database rejects them, or cannot be reached", async () => {
      const database = await target.fresh();
      const wrong = new URL(database.env["OTC_DATABASE_URL"] ?? "");
      wrong.password = CANARY;
      const refused = await runCli(["load", "tickets", "--from", "-", "--verbose"], {
        env: { OTC_DATABASE_URL: wrong.href },
        input: "[]",
      });
      expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("28P01") });
      expectPlain(refused);
      wrong.port = "1";
      const unreachable = await callCli(["status", "--verbose"], { env: { OTC_DATABASE_URL: wrong.href } });
      expect(unreachable).toMatchObject({ code: 1, stderr: expect.stringContaining("127.0.0.1:1") });
      expectPlain(unreachable);
      const both = await callCli(["status"], {
        env: {
          OTC_PG_PASSWORD: CANARY,
          OTC_PG_PASSWORD_FILE: "somewhere",
          OTC_DATABASE_URL: `mysql://x:${CANARY}@h/d`,
        },
      });
      expect(both.code).toBe(2);
      expectPlain(both);
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);

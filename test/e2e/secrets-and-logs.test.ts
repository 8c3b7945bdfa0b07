import { readFile } from "node:fs/promises";
import { Client } from "pg";
import { expect, onTestFinished, test } from "vitest";
import type { Environment } from "../../src/config/read-settings.ts";
import { FAST, SECOND_DOCUMENT } from "../support/aftermath.ts";
import { type Fault, startDocumentServer } from "../support/document-server.ts";
import { type DatabaseUnderTest, describeEachDatabase } from "../support/each-database.ts";
import { documentOf } from "../support/load-records.ts";
import { callCli } from "../support/call-cli.ts";
import { runCli, startCli } from "../support/run-cli.ts";
import { ticket } from "../support/sample-records.ts";

const API_SECRET = "canary-api-5f3a";
const QUERY_SECRET = "canary-query/77";
const PG_SECRET = "canary-pg-91bc";
/** As they stand there, in a header, and in a URL. */
const TRACES = [
  API_SECRET,
  PG_SECRET,
  QUERY_SECRET,
  encodeURIComponent(QUERY_SECRET),
  Buffer.from(`etl:${API_SECRET}`).toString("base64"),
  "canary",
];

function expectNoSecret(text: string): void {
  for (const trace of TRACES) expect(text).not.toContain(trace);
}

/** A role of its own for the test, with a password that no output may show. */
async function withRole(database: DatabaseUnderTest): Promise<{ url: Environment; parts: Environment }> {
  const admin = new Client({ connectionString: database.env["OTC_DATABASE_URL"] });
  await admin.connect();
  const role = `test_role_${process.pid}`;
  await admin.query(`create role ${role} superuser login password '${PG_SECRET}'`);
  onTestFinished(async () => {
    await admin.query(`drop role ${role}`);
    await admin.end();
  });
  const url = new URL(database.env["OTC_DATABASE_URL"] ?? "");
  url.username = role;
  url.password = PG_SECRET;
  return {
    url: { OTC_DATABASE_URL: url.href },
    parts: {
      OTC_PG_HOST: url.hostname,
      OTC_PG_PORT: url.port,
      OTC_PG_DATABASE: url.pathname.slice(1),
      OTC_PG_USER: role,
      OTC_PG_PASSWORD: PG_SECRET,
    },
  };
}

describeEachDatabase(
  "a secret",
  (target) => {
    test("appears in no output, record or list of processes, whether a load succeeds or fails", async () => {
      const database = await target.fresh();
      const { url, parts } = await withRole(database);
      const faults: Record<number, Fault> = {
        2: { kind: "status", status: 401 },
        3: { kind: "reset", bytes: 500 },
        4: { kind: "body", body: '[{"TKT-Ticket ID":"?"},{"TKT-Ticket ID":5}]' },
        5: { kind: "stall-headers" },
        // Answers that repeat what they were asked with, whole and cut short.
        6: { kind: "body", body: JSON.stringify({ error: `no access for etl:${API_SECRET}` }) },
        7: { kind: "body", body: `{"error":"${"x".repeat(178)}${API_SECRET}"}` },
        8: { kind: "body", body: `<html>${Buffer.from(`etl:${API_SECRET}`).toString("base64")}` },
        9: { kind: "body", body: `[{"TKT-Ticket ID":1,"token":${QUERY_SECRET}}]` },
      };
      const server = await startDocumentServer({ tickets: SECOND_DOCUMENT }, faults);
      const env: Record<string, string | undefined> = {
        ...FAST,
        ...server.env,
        OTC_API_PASSWORD: API_SECRET,
        OTC_RETRIES: "0",
      };
      env["OTC_API_URL"] = `${env["OTC_API_URL"]}?token=${encodeURIComponent(QUERY_SECRET)}`;
      const load = ["load", "tickets", "--verbose", "--allow-shrink"];

      const outputs = [
        await runCli([...load, "--json"], { env: { ...env, ...url } }),
        await runCli(load, { env: { ...env, ...parts } }),
        await callCli([...load, "--log-format", "json"], { env: { ...env, ...url } }),
        await callCli(load, { env: { ...env, ...parts } }),
      ];
      expect(outputs.map(({ code }) => code)).toEqual([0, 1, 1, 3]);

      const stalled = await startCli(load, { env: { ...env, ...url }, input: "" });
      await expect.poll(() => server.requests.length).toBe(5);
      const { pid } = stalled.process;
      expectNoSecret((await readFile(`/proc/${pid!}/cmdline`, "utf8")).replaceAll("\0", " "));
      stalled.process.kill("SIGTERM");
      outputs.push(await stalled.result);

      for (let answer = 6; answer <= 9; answer += 1) {
        outputs.push(await callCli(load, { env: { ...env, ...url, OTC_BREAKER_FAILURES: "100" } }));
        expect(outputs.at(-1)).toMatchObject({ code: 1 });
      }
      expect(server.requests).toHaveLength(9);
      expect(outputs.at(-4)?.stderr).toContain("no access for …");

      // Refused by the database, unreachable, not to be understood.
      const wrong = { ...parts, OTC_PG_PASSWORD: `${PG_SECRET}-wrong` };
      const unreachable = { OTC_DATABASE_URL: `postgres://etl:${PG_SECRET}@127.0.0.1:1/x` };
      const invalid = {
        OTC_DATABASE_URL: `postgres//etl:${PG_SECRET}@h/x`,
        OTC_API_URL: `http://etl:${API_SECRET}@h/?token=${QUERY_SECRET}`,
      };
      for (const broken of [wrong, unreachable, invalid]) {
        outputs.push(await callCli(load, { env: { ...env, ...broken } }));
        outputs.push(await callCli(["settings"], { env: { ...env, ...broken } }));
      }
      outputs.push(await callCli(["status", "--json"], { env: { ...env, ...url } }));
      outputs.push(await callCli(["doctor", "--verbose"], { env: { ...env, ...url } }));
      for (const { stdout, stderr } of outputs) {
        expectNoSecret(stdout + stderr);
      }

      for (const table of ["etl_metadata", "etl_rejects", "etl_requests", "etl_circuit"]) {
        const rows = await database.sql(`select t::text as row from ${database.table(table)} t`);
        expect(rows.length).toBeGreaterThan(0);
        expectNoSecret(JSON.stringify(rows));
      }
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);

const FORGED = "12:00:00] INFO: committed forged";
const EVIL = `nice\n[${FORGED}\r\u001b[2J\u001b]0;owned\u0007\u009b31m\u2028[${FORGED}`;

/** No line may begin with the forgery, and no terminal be told anything. */
function expectNotForged(text: string): void {
  for (const line of text.split(/[\n\r\u0085\u2028\u2029]/)) expect(line).not.toMatch(/^\W*12:00:00/);
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  expect(text.replaceAll("\n", "")).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
}

describeEachDatabase(
  "a ticket's text",
  (target) => {
    test("cannot forge a line of any output, whichever error quotes it", async () => {
      const database = await target.fresh();
      const env = { ...FAST, ...database.env };
      await database.sql(
        `alter table ${database.table("tickets")} add constraint only_known check ("TKT-Status" <> 'evil')`,
      );
      const evil = [ticket(1), ticket(2, { "TKT-Status": "evil", "TKT-Title": EVIL, [EVIL]: EVIL })];
      const documents = [
        // Refused by the database, whose DETAIL quotes the row; one too many.
        documentOf(evil),
        // Not JSON: the parser's message quotes it.
        `[{"TKT-Ticket ID":1},{"TKT-Title":${EVIL}}]`,
        `<html>${EVIL}`,
        `{"error":${JSON.stringify(EVIL)}}`,
        documentOf([ticket(EVIL), ticket(3, { "TKT-Created Time": EVIL })]),
      ];
      const load = ["load", "tickets", "--from", "-", "--max-errors", "0", "--verbose", "--log-format"];
      for (const [document, format] of [
        ...documents.map((document) => [document, "text"] as const),
        [documents[0]!, "json"] as const,
      ]) {
        const { code, stdout, stderr } = await callCli([...load, format], { env, input: document });
        expect(code).toBe(1);
        expectNotForged(stdout);
        expectNotForged(stderr);
      }
      // A database whose function says what it likes fails what is not a load as well.
      await database.sql(
        `create function ${database.table("refuse")}() returns trigger language plpgsql as
         $$ begin raise exception using message = '${EVIL}', detail = '${EVIL}', errcode = 'XX000'; end $$`,
      );
      await database.sql(
        `create trigger refuse before insert on ${database.table("etl_metadata")}
         for each row execute function ${database.table("refuse")}()`,
      );
      const refused = await runCli(["load", "tickets", "--from", "-", "--verbose"], {
        env,
        input: SECOND_DOCUMENT,
      });
      expect(refused.code).toBe(1);
      expectNotForged(refused.stderr);
      const status = await callCli(["status"], { env });
      expectNotForged(status.stdout);
      expect(status.stdout).toContain("\\n[12:00:00");
      expectNotForged((await callCli(["status", "--check"], { env })).stdout);
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);

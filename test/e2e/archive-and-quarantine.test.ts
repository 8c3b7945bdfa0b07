import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { callCli } from "../support/call-cli.ts";
import { FAST } from "../support/aftermath.ts";
import { startDocumentServer } from "../support/document-server.ts";
import { describeEachDatabase } from "../support/each-database.ts";
import { documentOf } from "../support/load-records.ts";
import { expectPlain, jsonLines, runCli, startCli, temporaryFolder } from "../support/run-cli.ts";
import { comment, many, ticket } from "../support/sample-records.ts";

describeEachDatabase(
  "otc-etl replay",
  (target) => {
    test("loads from the archive, and reports missing documents", async () => {
      const database = await target.fresh();
      const archive = await temporaryFolder();
      const documents = { tickets: documentOf(many(30, ticket)), comments: documentOf([comment(1)]) };
      const server = await startDocumentServer(documents, { 1: { kind: "stall-body", bytes: 3000 } });
      const env = { ...FAST, ...database.env, ...server.env, OTC_ARCHIVE_DIR: archive };

      // A killed load leaves a temporary file, and the next one removes it.
      const killed = await startCli(["load", "tickets"], { env });
      await expect.poll(() => readdir(join(archive, "tickets")).catch(() => [])).toHaveLength(1);
      killed.process.kill("SIGKILL");
      await killed.result;
      expect(await readdir(join(archive, "tickets"))).toEqual([expect.stringMatching(/\.part$/)]);
      const load = await runCli(["load", "tickets", "--json", "--wait", "10s"], { env });
      expect(load.code).toBe(0);
      const [loaded] = jsonLines(load.stdout);
      const { file } = loaded!["archive"] as { file: string };
      expect(await readdir(join(archive, "tickets"))).toEqual([file.split("/")[1]]);

      const replayed = await runCli(["replay", String(loaded!["runId"]), "--json"], { env });
      expect(replayed.code).toBe(0);
      expect(jsonLines(replayed.stdout)).toMatchObject([
        { view: "tickets", status: "success", fetched: 30, unchanged: 30, source: join(archive, file) },
      ]);
      expect(await callCli(["replay", "--all", "--since", "2026-01-01"], { env })).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^tickets +success/m),
      });
      const cases: [args: string[], code: number, message: string][] = [
        [["999"], 1, `It holds tickets: runs ${String(loaded!["runId"])}`],
        [["latest", "--view", "comments"], 1, "It holds nothing"],
        [["--since", "2026-01-01"], 2, "--all"],
        [["--all", "--since", "2026-02-30"], 2, "--since is"],
        [["no-such-file"], 2, "--view"],
        [["no-such-file", "--view", "tickets"], 1, "no-such-file"],
      ];
      for (const [args, code, message] of cases) {
        const result = await callCli(["replay", ...args], { env });
        expect({ args, ...result }).toMatchObject({ args, code, stderr: expect.stringContaining(message) });
      }
      const unset = await callCli(["replay"], { env: { ...env, OTC_ARCHIVE_DIR: "" } });
      expect(unset).toMatchObject({ code: 2, stderr: expect.stringContaining("OTC_ARCHIVE_DIR is not set") });
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);

describeEachDatabase(
  "otc-etl rejects",
  (target) => {
    test("lists, shows, reloads and clears rejected records", async () => {
      const database = await target.fresh();
      const env = { ...FAST, ...database.env };
      const raw = '{"TKT-Ticket ID":9007199254740993,"TKT-Title":"\u009b31m \\u001b[31m"}';
      const load = await callCli(["load", "tickets", "--from", "-"], {
        env,
        input: `[${raw},${JSON.stringify(ticket(2, { "TKT-Due Date": "?" }))}]`,
      });
      expect(load.code).toBe(3);

      const list = await runCli(["rejects", "list"], { env });
      expect(list.code).toBe(0);
      expect(list.stdout).toMatch(/^tickets +invalid_integer +TKT-Ticket ID +1$/m);
      expect(list.stdout).toMatch(
        /^ *\d+ +\d+ +tickets +2 +TKT-Ticket ID=2 +invalid_timestamp +TKT-Due Date is/m,
      );
      const json = await callCli(["rejects", "list", "--reason", "invalid_integer", "--json"], { env });
      const [reject, ...others] = jsonLines(json.stdout);
      expect(others).toEqual([]);
      const id = String(reject!["rejectId"]);
      const shown = await callCli(["rejects", "show", id], { env });
      expect(shown.stdout).toContain('"TKT-Ticket ID": 9007199254740993');
      const shownJson = await callCli(["rejects", "show", id, "--json"], { env });
      expect(jsonLines(shownJson.stdout)).toMatchObject([{ raw }]);
      for (const result of [list, json, shown, shownJson]) {
        expectPlain(result);
        expect(result.stdout).not.toContain("\u009b");
      }

      expect(await callCli(["rejects", "retry", "--json"], { env })).toMatchObject({ code: 3 });
      await database.sql(
        `update ${database.table("etl_rejects")} set raw_record = replace(raw_record, '"?"', '"2026-12-31"')`,
      );
      const retried = await callCli(["rejects", "retry", "--reason", "invalid_timestamp", "--json"], { env });
      expect(retried.code).toBe(0);
      expect(jsonLines(retried.stdout)).toMatchObject([
        { status: "success", fetched: 1, inserted: 1, errors: 0 },
      ]);
      const none = await callCli(["rejects", "retry", "--view", "comments"], { env });
      expect(none).toMatchObject({ code: 0, stdout: expect.stringContaining("Nothing to do") });

      expect(await callCli(["rejects", "clear"], { env })).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("--all"),
      });
      expect(await callCli(["rejects", "clear", "--all", "--json"], { env })).toMatchObject({
        code: 0,
        stdout: '{"cleared":1}\n',
      });
      expect(await callCli(["rejects", "show", id], { env })).toMatchObject({ code: 2 });
      expect(await callCli(["rejects", "shwo"], { env })).toMatchObject({ code: 2 });
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);

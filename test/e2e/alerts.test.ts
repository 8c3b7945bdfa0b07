import { expect, test } from "vitest";
import { callCli } from "../support/call-cli.ts";
import { FAST } from "../support/aftermath.ts";
import { describeEachDatabase } from "../support/each-database.ts";
import { documentOf } from "../support/load-records.ts";
import { jsonLines, runCli } from "../support/run-cli.ts";
import { ticket } from "../support/sample-records.ts";
import { startWebhookServer, WEBHOOK_SECRET } from "../support/webhook-server.ts";

describeEachDatabase(
  "a webhook that hangs",
  (target) => {
    test("delays a load by a few seconds at most, and `status --check` sends what it missed", async () => {
      const database = await target.fresh();
      const chat = await startWebhookServer();
      chat.answer = "silence";
      const env = { ...FAST, ...database.env, ...chat.env };
      const input = documentOf([ticket(1), ticket("?")]);
      const held = await runCli(["load", "tickets", "--from", "-", "--verbose"], { env, input });
      expect(held.code).toBe(3);
      expect(held.stderr).toContain("alert not delivered");

      chat.answer = { status: 200 };
      const check = await runCli(["status", "--check"], { env });
      expect(check.stderr).toContain("alert delivered");
      expect(chat.texts).toEqual([expect.stringContaining("otc-etl: tickets (partial)")]);

      const doctor = await callCli(["doctor", "--alert", "--json"], { env });
      expect(jsonLines(doctor.stdout)).toContainEqual(
        expect.objectContaining({ name: "alerts", state: "ok" }),
      );
      expect(chat.texts[1]).toContain("test message");
      const settings = await callCli(["settings"], { env });
      for (const { stdout, stderr } of [held, check, doctor, settings]) {
        expect(stdout + stderr).not.toContain(WEBHOOK_SECRET);
      }
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);

import { expect, test } from "vitest";
import { callCli } from "../support/call-cli.ts";
import { describeEachDatabase } from "../support/each-database.ts";
import { documentOf } from "../support/load-records.ts";
import { jsonLines, runCli } from "../support/run-cli.ts";
import { timesheet } from "../support/sample-records.ts";

const booked = (username: string, fullName: string, day: string) =>
  timesheet(username, { "TS-User Full Name": fullName, "TS-Date": day });

const TIMESHEETS = [
  booked("ahofer", "Anna Hofer", "2024-01-01"),
  booked("ahofer", "Andrea Hofer", "2025-01-01"),
  booked("blang", "Bernd Lang", "2025-01-01"),
];

describeEachDatabase(
  "otc-etl users",
  (target) => {
    test("lists the user lookup, shows the conflicts, and keeps a manual entry until it is removed", async () => {
      const { env } = await target.fresh();
      const users = (...args: string[]) => callCli(["users", ...args], { env });
      const first = await users();
      expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining("No user is known yet") });
      await runCli(["load", "timesheets", "--from", "-"], { env, input: documentOf(TIMESHEETS) });

      expect((await users()).stdout).toMatch(/ahofer +Andrea Hofer +timesheets/);
      expect((await users("conflicts")).stdout).toMatch(
        /username +ahofer +Andrea Hofer, Anna Hofer +Andrea Hofer/,
      );
      expect(jsonLines((await users("conflicts", "--json")).stdout)).toEqual([
        {
          kind: "username",
          name: "ahofer",
          candidates: ["Andrea Hofer", "Anna Hofer"],
          chosen: "Andrea Hofer",
        },
      ]);

      expect(await users("set", "ahofer", "Anna Hofer")).toMatchObject({ code: 0, stdout: "" });
      expect(await users("refresh")).toMatchObject({ code: 0, stderr: expect.stringContaining("0") });
      expect(jsonLines((await users("--json")).stdout)).toMatchObject([
        { username: "ahofer", fullName: "Anna Hofer", source: "manual" },
        { username: "blang", fullName: "Bernd Lang", source: "timesheets" },
      ]);
      expect(await users("conflicts")).toMatchObject({
        code: 0,
        stdout: expect.stringContaining("No conflicts"),
      });

      expect((await users("unset", "ahofer")).code).toBe(0);
      expect((await users()).stdout).toMatch(/ahofer +Andrea Hofer +timesheets/);
    });

    test("rejects a manual entry that is missing or incomplete, and exits 2", async () => {
      const { env } = await target.fresh();
      for (const [args, message] of [
        [["unset", "blang"], /no manual entry for "blang".*\n.*otc-etl users/],
        [["set", "blang"], /missing required argument 'full-name'/],
        [["set", "blang", " "], /name is empty/],
        [["sett", "blang", "Bernd Lang"], /too many arguments/],
      ] as const) {
        const { code, stdout, stderr } = await callCli(["users", ...args], { env });
        expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
        expect(stderr).toMatch(message);
      }
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);

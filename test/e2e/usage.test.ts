import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runCli, temporaryFolder } from "../support/run-cli.ts";

const COMMANDS = [
  "load",
  "import",
  "migrate",
  "status",
  "users",
  "doctor",
  "settings",
  "simulate",
  "demo",
  "completion",
];

describe("the command line", () => {
  test("prints its version", async () => {
    expect(await runCli(["--version"])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\S*\n$/),
      stderr: "",
    });
  });

  test("lists its commands", async () => {
    const { code, stdout } = await runCli(["--help"]);
    expect(code).toBe(0);
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^ +${command}\\b`, "m"));
    expect(stdout).toContain("Examples:");
  });

  test.for(COMMANDS)("shows examples in the help of %s", async (command) => {
    const { code, stdout, stderr } = await runCli([command, "--help"]);
    expect(code).toBe(0);
    expect(stdout).toContain("Examples:");
    expect(stdout).toContain(`otc-etl ${command}`);
    expect(stderr).toBe("");
  });

  test.for([
    [["laod"], "load"],
    [["load", "--jsn"], "--json"],
    [["load", "ticket"], "tickets"],
    [["status", "--run", "3"], "--runs"],
  ] as const)("suggests what was meant by %j, and exits 2", async ([args, meant]) => {
    const { code, stdout, stderr } = await runCli(args);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(new RegExp(`did you mean.*${meant}`, "i"));
  });

  test.for([
    [["load", "tickets", "--max-errors", "many", "--from", "-"], /--max-errors is "many"/],
    [["load", "--from", "x.json"], /A file contains the document of one view/],
    [["load", "tickets"], /OTC_API_URL/],
    [["import", "tickets.xlsx"], /--view/],
    [["import", "tickets.xls", "--view", "tickets"], /does not determine the file's format/],
    [["import", "a.csv", "--view", "tickets", "--map", "Title"], /--map is "Title"/],
    [["import", "a.csv", "--view", "tickets", "--delimiter", "::"], /--delimiter is "::"/],
    [["status", "--runs", "-1"], /--runs/],
    [["simulate", "--scale", "huge"], /--scale is "huge"/],
    [["load", "tickets", "--pg-port", "none"], /--pg-port is "none", but must be a whole number/],
    [["load", "tickets", "--timezone", "Mars/Olympus", "--from", "-"], /Mars\/Olympus/],
  ] as const)("calls %j a mistake, and exits 2", async ([args, message]) => {
    const { code, stdout, stderr } = await runCli(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  test("lists every setting, and shows of secrets only that they are set", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, ".env"), "OTC_API_PASSWORD=canary-in-dotenv\nOTC_TIMEZONE=Europe/Berlin\n");
    const { code, stdout, stderr } = await runCli(["settings", "--pg-schema", "desk"], {
      cwd: folder,
      env: {
        OTC_DATABASE_URL: "postgres://etl:canary-in-url@localhost/desk",
        OTC_PG_PASSWORD: "canary-plain",
      },
    });
    expect(code).toBe(0);
    expect(stdout + stderr).not.toContain("canary");
    expect(stdout).toMatch(/OTC_API_PASSWORD\s.*\(set\)/);
    expect(stdout).toMatch(/OTC_DATABASE_URL\s.*\(set\)/);
    expect(stdout).toMatch(/OTC_TIMEZONE\s.*Europe\/Berlin/);
    expect(stdout).toMatch(/OTC_PG_SCHEMA\s.*desk\s+flag/);
    expect(stdout).toMatch(/OTC_VIEW_TICKETS\s/);
  });

  test("accepts no secret as a flag", async () => {
    for (const flag of ["--api-password", "--pg-password", "--database-url"]) {
      expect((await runCli(["settings", flag, "canary"])).code).toBe(2);
    }
  });
});

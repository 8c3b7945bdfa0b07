import { spawnSync } from "node:child_process";
import { cpSync } from "node:fs";
import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, inject, test } from "vitest";
import { callCli } from "../support/call-cli.ts";
import { type CliResult, jsonLines, runCli, temporaryFolder } from "../support/run-cli.ts";

const root = new URL("../..", import.meta.url);

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

  test.for([
    [
      "bash",
      `otc-etl() { npx otc-etl "$@"; }; source <(otc-etl completion bash)
       COMP_WORDS=(otc-etl missing list --action arch); COMP_CWORD=4; _otc_etl; echo "\${COMPREPLY[*]}"`,
    ],
    [
      "fish",
      `function otc-etl; ${process.execPath} dist/cli/main.js $argv; end; otc-etl completion fish | source
       complete -C "otc-etl missing list --action arch"`,
    ],
  ] as const)("is completed by %s, with a function that calls it", ([shell, script], { skip }) => {
    const { stdout, error } = spawnSync(shell, ["-c", script], { cwd: root, encoding: "utf8" });
    if (error !== undefined) {
      process.stderr.write(`SKIPPED completion in ${shell}: it is not installed\n`);
      skip();
    }
    // fish adds the description of the option.
    expect(stdout.trim()).toMatch(/^archived(?:\t.*)?$/);
  });

  test("is run by npx in a checkout without a build", async ({ skip }) => {
    if (process.platform === "win32") skip("npx installs the checkout into its cache there");
    const main = new URL("../../dist/cli/main.js", import.meta.url);
    const { mtimeMs } = await stat(main);
    const env = { ...process.env, npm_config_cache: await temporaryFolder() };
    const { stdout, stderr } = spawnSync("npx", ["otc-etl", "--version"], {
      cwd: root,
      encoding: "utf8",
      env,
    });
    expect({ stdout, stderr }).toEqual({ stdout: expect.stringMatching(/^\d+\.\d+\.\d+/), stderr: "" });
    expect((await stat(main)).mtimeMs).toBe(mtimeMs);
  });

  test("keeps what was compiled for the next start", async () => {
    await runCli(["settings"]);
    const folders = await readdir(new URL("../../.cache/node", import.meta.url), { recursive: true });
    expect(folders.length).toBeGreaterThan(1);
  });

  test("names lines of the source in the stack traces of --verbose", async () => {
    const env = { OTC_DATABASE_URL: "postgres://nobody@127.0.0.1:1/none" };
    const { stderr } = await runCli(["status", "--verbose"], { env });
    expect(stderr).toMatch(/^ +at .*src\/database\/postgres\/postgres-\w+\.ts:\d+/m);
  });

  test("lists its commands", async () => {
    const { code, stdout } = await runCli(["--help"]);
    expect(code).toBe(0);
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^ +${command}\\b`, "m"));
    expect(stdout).toContain("Examples:");
  });

  test.for(COMMANDS)("shows examples in the help of %s", async (command) => {
    const { code, stdout, stderr } = await callCli([command, "--help"]);
    expect(code).toBe(0);
    expect(stdout).toContain("Examples:");
    expect(stdout).toContain(`otc-etl ${command}`);
    expect(stdout).toMatch(/^Global Options:\n(?: .*\n)* +-q, --quiet /m);
    expect(stdout).not.toContain("default: false");
    expect(stderr).toBe("");
  });

  test.for([
    [["laod"], "load"],
    [["load", "--jsn"], "--json"],
    [["load", "ticket"], "tickets"],
    [["status", "--run", "3"], "--runs"],
  ] as const)("suggests what was meant by %j, and exits 2", async ([args, meant]) => {
    const { code, stdout, stderr } = await callCli(args);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(new RegExp(`did you mean.*${meant}`, "i"));
  });

  test("reports what commander refuses as every other error: the message, the remedy, the help", async () => {
    const refused = await runCli(["load", "--jsn"]);
    expect(refused).toEqual({
      code: 2,
      stdout: "",
      stderr:
        "otc-etl: unknown option '--jsn'.\n" +
        "  → Did you mean --json?\n" +
        "  `otc-etl load --help` shows what is possible, with examples.\n",
    });
    const own = await callCli(["rejects", "list", "--limit", "many"]);
    expect(own.stderr).toBe(
      'otc-etl: --limit is "many".\n' +
        "  → Give a whole number.\n" +
        "  `otc-etl rejects list --help` shows what is possible, with examples.\n",
    );
  });

  test.for([
    [["load", "tickets", "--max-errors", "many", "--from", "-"], /--max-errors is "many"/],
    [["load", "--from", "x.json"], /A file contains the document of one view/],
    [["load", "tickets"], /OTC_API_URL/],
    [["import", "tickets.xlsx"], /--view/],
    [["import", "tickets.xls", "--view", "tickets"], /does not determine the file's format/],
    [["import", "a.csv", "--view", "tickets"], /Cannot read a\.csv: no such file or directory\.\n/],
    [["import", "a.csv", "--view", "tickets", "--map", "Title"], /--map is "Title"/],
    [["import", "a.csv", "--view", "tickets", "--delimiter", "::"], /--delimiter is "::"/],
    [["status", "--runs", "-1"], /--runs/],
    [["simulate", "--scale", "huge"], /--scale is "huge"/],
    [["load", "tickets", "--pg-port", "none"], /--pg-port is "none", but must be a whole number/],
    [["load", "tickets", "--timezone", "Mars/Olympus", "--from", "-"], /Mars\/Olympus/],
  ] as const)("calls %j a mistake, and exits 2", async ([args, message]) => {
    const { code, stdout, stderr } = await callCli(args);
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

  test("says of each setting whether it comes from a flag, the environment or .env", async () => {
    const cwd = await temporaryFolder();
    await writeFile(
      join(cwd, ".env"),
      "\uFEFFOTC_TIMEZONE=Europe/Berlin\nOTC_PG_HOST=in-dotenv\nOTC_VIEW_TICKETS=17\nOTC_WEB_TOKEN_FILE=token\n",
    );
    const env = { OTC_PG_HOST: "in-environment" };
    const { stdout } = await runCli(["settings", "--pg-schema", "desk"], { cwd, env });
    expect(stdout).toMatch(/^OTC_TIMEZONE .*Europe\/Berlin +\.env$/m);
    expect(stdout).toMatch(/^OTC_PG_HOST .*in-environment +environment$/m);
    expect(stdout).toMatch(/^OTC_PG_SCHEMA .*desk +flag$/m);
    expect(stdout).toMatch(/^OTC_VIEW_TICKETS .*17 +\.env$/m);
    expect(stdout).toMatch(/^OTC_WEB_TOKEN .*\(set\) +OTC_WEB_TOKEN_FILE, \.env$/m);
  });

  test("does nothing when there is a .env that it cannot read", async () => {
    const cwd = await temporaryFolder();
    await mkdir(join(cwd, ".env"));
    const { code, stderr } = await runCli(["migrate"], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain(`The settings in ${join(cwd, ".env")} cannot be read`);
    expect(stderr).not.toContain("EISDIR");
    expect(await readdir(cwd)).toEqual([".env"]);
  });

  test.for([["settings"], ["status"]])("%s warns of variables that are no settings", async (args) => {
    const { stderr } = await callCli(args, {
      env: {
        OTC_PG_HOTS: "db",
        OTC_ETL_PAGE_SERVICE_HOST: "10.0.0.1",
        OTC_DATA_DIR: await temporaryFolder(),
      },
    });
    expect(stderr).toContain(
      "OTC_PG_HOTS is not a setting of otc-etl and has no effect. Did you mean OTC_PG_HOST?",
    );
    expect(stderr).not.toContain("OTC_ETL_PAGE_SERVICE_HOST");
  });

  test.for([
    [["laod", "--json"], 2, "usage", /unknown command 'laod'/],
    [["load", "--json", "--colour"], 2, "usage", /unknown option '--colour'/],
    [["rejects", "--json"], 2, "usage", /./],
    [["load", "--json", "--pg-port", "none"], 2, "configuration", /^--pg-port is "none"/],
    [["load", "tickets", "--json"], 2, "configuration", /OTC_API_URL/],
    [["status", "--json"], 2, "migration", /There is no embedded database/],
  ] as const)("%j reports its failure as a JSON object too", async ([args, exitCode, errorCode, message]) => {
    const { code, stdout } = await callCli(args, { env: { OTC_DATA_DIR: await temporaryFolder() } });
    expect(code).toBe(exitCode);
    const failures = jsonLines(stdout);
    expect(failures).toEqual([
      { code: errorCode, message: expect.stringMatching(message), remedy: expect.any(String) },
    ]);
  });

  test("names the flag in messages about a setting that was given as a flag", async () => {
    const args = ["status", "--pg-host", "localhost", "--pg-sslrootcert", "missing.pem"];
    const { code, stderr } = await callCli(args);
    expect(code).toBe(2);
    expect(stderr).toContain("--pg-sslrootcert cannot be read: no such file or directory (missing.pem)");
    expect(stderr).not.toMatch(/ENOENT|OTC_PG_SSLROOTCERT/);
  });

  test("status creates no embedded database in the working directory", async () => {
    const cwd = await temporaryFolder();
    const { code, stdout, stderr } = await runCli(["status"], { cwd });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/There is no embedded database in \.otc-etl.*/);
    expect(await readdir(cwd)).toEqual([]);
  });

  test.for([["doctor"], ["users"], ["rejects", "list"], ["worker", "--list"], ["migrate", "--status"]])(
    "%j creates no embedded database",
    async (args) => {
      const folder = await temporaryFolder();
      const { code, stdout, stderr } = await callCli(args, { env: { OTC_DATA_DIR: join(folder, "data") } });
      expect(code).not.toBe(0);
      expect(stdout + stderr).toContain(`There is no embedded database in ${join(folder, "data")}`);
      expect(stdout + stderr).toContain("otc-etl migrate");
      expect(await readdir(folder)).toEqual([]);
    },
  );

  test.runIf(process.platform === "linux")(
    "says what to do where no embedded database can be created",
    async () => {
      const { code, stderr } = await callCli(["migrate"], { env: { OTC_DATA_DIR: "/proc/nowhere/data" } });
      expect(code).toBe(2);
      expect(stderr).toMatch(
        /\/proc\/nowhere\/data of the embedded database cannot be used: .*\n.*Set OTC_DATA_DIR/,
      );
      expect(stderr).not.toContain("ENOENT");
    },
  );

  test("names the flag in the outcome of a load that failed, too", async () => {
    const cwd = await temporaryFolder();
    cpSync(inject("embedded").migrated, join(cwd, ".otc-etl"), { recursive: true });
    const credentials = {
      OTC_API_USERNAME: "etl",
      OTC_API_PASSWORD: "geheim",
      OTC_VIEW_TICKETS: "17",
      OTC_RETRIES: "0",
    };
    const args = ["load", "tickets", "--json", "--api-url", "http://127.0.0.1:9/api"];
    const { code, stdout, stderr } = await runCli(args, { cwd, env: credentials });
    expect(code).toBe(1);
    const remedy = expect.stringContaining("Check --api-url");
    expect(jsonLines(stdout)).toMatchObject([
      { status: "failed", code: "source", message: expect.any(String), remedy },
    ]);
    expect(stderr).toContain("Check --api-url");
    expect(stdout + stderr).not.toContain("OTC_API_URL");
  });

  test("doctor checks whether documents can be archived, and leaves no trace of it", async () => {
    const cwd = await temporaryFolder();
    const archiveCheck = ({ stdout }: CliResult): unknown =>
      jsonLines(stdout).find(({ name }) => name === "archive");
    const check = async (directory: string): Promise<unknown> => {
      const env = { OTC_DATA_DIR: join(cwd, "data"), OTC_ARCHIVE_DIR: directory };
      return archiveCheck(await callCli(["doctor", "--json"], { env }));
    };
    const doctor = await runCli(["doctor", "--json"], { cwd, env: { OTC_ARCHIVE_DIR: "new/archive" } });
    expect(archiveCheck(doctor)).toMatchObject({ state: "ok" });
    expect(await readdir(cwd)).toEqual([]);
    await writeFile(join(cwd, "file"), "");
    expect(await check(join(cwd, "file/archive"))).toMatchObject({
      state: "failed",
      remedy: expect.stringContaining("OTC_ARCHIVE_DIR"),
    });
    if (process.platform === "linux") expect(await check("/proc/nope")).toMatchObject({ state: "failed" });
  });

  test("accepts no secret as a flag", async () => {
    for (const flag of ["--api-password", "--pg-password", "--database-url"]) {
      expect((await callCli(["settings", flag, "canary"])).code).toBe(2);
    }
  });
});

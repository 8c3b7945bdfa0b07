import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { callCli } from "../support/call-cli.ts";
import { describeEachDatabase } from "../support/each-database.ts";
import { memoryReporter } from "../support/memory-reporter.ts";
import { expectPlain, jsonLines, runCli, temporaryFolder } from "../support/run-cli.ts";
import { many, ticket, timesheet } from "../support/sample-records.ts";
import { describeWithSharedData } from "../support/shared-data.ts";
import { escaped, inline, row, writeWorkbook } from "../support/workbook.ts";

/** With two kilobytes of text each, more than the heap that the test gives. */
const ROWS = 25_000;
const HEAP_MEGABYTES = 48;
const COLUMNS = 21;

/** As many columns as an export of all columns of ServiceNow's incidents has. */
const SERVICENOW_COLUMNS = 92;

/** Columns of such an export, the fields that they are, and the values of three incidents. */
const INCIDENT = [
  ["number", "TKT-Ticket ID", "INC0010001", "INC0010002", "INC0010003"],
  [
    "sys_id",
    null,
    "9d385017c611228701d22104cc95c371",
    "1c741bd70b2322007518478d83673af3",
    "a9e30c7dc61122760116894de7bcc7bd",
  ],
  ["short_description", "TKT-Title", "Printer", "Screen", "Mail"],
  ["description", "TKT-Description", "It does not print", "", "None came"],
  ["state", "TKT-Status", "New", "In Progress", "Closed"],
  ["priority", "TKT-Severity", "1 - Critical", "4 - Low", "4 - Low"],
  ["severity", null, "3 - Low", "3 - Low", "3 - Low"],
  ["category", "TKT-Category", "hardware", "hardware", "software"],
  ["assignment_group", "TKT-Team", "Hardware", "Hardware", "Service Desk"],
  ["assigned_to", "TKT-Assigned To User", "ann", "", "bob"],
  ["opened_by", "TKT-Created By User", "bob", "ann", "ann"],
  ["sys_created_on", null, "2025-03-01 10:00:01", "2025-03-02 10:00:01", "2025-03-03 10:00:01"],
  ["opened_at", "TKT-Created Time", "2025-03-01 10:00:00", "2025-03-02 10:00:00", "2025-03-03 10:00:00"],
  [
    "sys_updated_on",
    "TKT-Modified Time",
    "2025-03-01 11:00:00",
    "2025-03-02 11:00:00",
    "2025-03-03 11:00:00",
  ],
  ["resolved_at", "TKT-Actual Resolution Date", "", "", "2025-03-03 10:30:00"],
  ["closed_at", "TKT-Closure Date", "", "", "2025-03-03 11:00:00"],
  ["due_date", "TKT-Due Date", "", "", ""],
  ["caller_id", "TKT-Client Name", "cid", "dan", "eve"],
  ["location", null, "Rome", "Rome", "Oslo"],
  ["close_code", "TKT-Resolution/Change Type", "", "", "Solved"],
  ["contact_type", "TKT-Ticket Source", "Phone", "Email", "Phone"],
] as const;

/** The header, and a row for each incident. */
const INCIDENT_ROWS = [0, 2, 3, 4].map((place) => INCIDENT.map((column) => column[place]));

/** Text enough, no two alike, that a program that kept it would not fit. */
function longText(index: number): string {
  return `${index} ${"a text of some length, ".repeat(90)}`;
}

describeEachDatabase(
  "otc-etl import",
  (target) => {
    test("loads from a pipe, prints its counts, and is an ordinary run in the status", async () => {
      const database = await target.fresh({ migrated: false });
      const { env } = database;
      const input = many(3, ticket)
        .map((record) => JSON.stringify(record))
        .join("\n");
      const args = ["import", "-", "--view", "tickets", "--format", "ndjson", "--migrate", "--json"];
      const first = await runCli(args, { env, input });
      expectPlain(first);
      expect(first.code).toBe(0);
      expect(jsonLines(first.stdout)).toEqual([
        expect.objectContaining({ view: "tickets", inserted: 3, source: "standard input" }),
      ]);
      expect(jsonLines((await callCli(args, { env, input })).stdout)[0]).toMatchObject({ unchanged: 3 });

      const dryRun = await callCli([...args, "--dry-run"], { env, input: input.replace("Ticket 2", "Two") });
      expect(dryRun.code).toBe(4);
      expect(jsonLines(dryRun.stdout)).toMatchObject([{ status: "planned", updated: 1, unchanged: 2 }]);
      expect((await callCli([...args, "--dry-run"], { env, input })).code).toBe(0);

      const failed = await callCli(args, { env, input: `${input}\n{"TKT-Ticket ID":` });
      expect(failed.code).toBe(1);
      expect(failed.stderr).toContain("Line 4 is not valid JSON");
      expect((await callCli(["status"], { env })).stdout).toMatch(/tickets .* 3 /);
    });

    test("warns about a file without records, also in JSON and in a plan", async () => {
      const { env } = await target.fresh();
      const args = ["import", "-", "--view", "tickets", "--format", "csv"];
      const header = "TKT-Ticket ID,TKT-Title\r";
      const warning = "standard input contains no records, so nothing was loaded";
      const text = await callCli(args, { env, input: header });
      expect(text.code).toBe(0);
      expect(text.stderr).toContain(warning);
      const [outcome] = jsonLines((await callCli([...args, "--json"], { env, input: header })).stdout);
      expect(outcome).toMatchObject({
        status: "success",
        fetched: 0,
        warnings: [expect.stringContaining(warning)],
      });
      const plan = await callCli([...args, "--dry-run"], { env, input: header });
      expect(plan.stdout).toContain(warning);
      const other = await callCli([...args, "--dry-run"], {
        env,
        input: "TKT-Ticket ID,Colour\n1,red\n",
      });
      expect(other.stdout).toContain("Colour is not defined by the view (1 record); rows keep it in extra");
      expect(other.stdout + other.stderr).not.toContain("schema drift");
      const records = await callCli([...args, "--json"], { env, input: `${header}1,one\r2,two\r` });
      expect(jsonLines(records.stdout)).toMatchObject([{ inserted: 2, warnings: [] }]);
      expect(records.stderr).not.toContain("contains no records");
    });

    test("suggests a mapping without a database, with which the file is then imported", async () => {
      const database = await target.fresh();
      const folder = await temporaryFolder();
      const suggested = async (name: string, lines: readonly string[]) => {
        await writeFile(join(folder, name), lines.join("\n"));
        const result = await runCli(["import", name, "--view", "tickets", "--suggest"], { cwd: folder });
        expectPlain(result);
        expect(result.code).toBe(0);
        await writeFile(join(folder, "mapping.json"), result.stdout);
        return result;
      };
      const imported = async (name: string, ...flags: readonly string[]) => {
        const args = ["import", name, "--view", "tickets", "--map-file", "mapping.json", "--json", ...flags];
        const { code, stdout } = await runCli(args, { env: database.env, cwd: folder });
        expect(code).toBe(0);
        return jsonLines(stdout)[0];
      };

      const others = Array.from(
        { length: SERVICENOW_COLUMNS - INCIDENT.length },
        (_, index) => `u_other_${index}`,
      );
      const [header = [], ...records] = INCIDENT_ROWS;
      const incident = await suggested("incident.csv", [
        [...header, ...others].join(","),
        ...records.map((values) => [...values, ...others.map(() => "x")].join(",")),
      ]);
      expect(JSON.parse(incident.stdout)).toEqual(
        Object.fromEntries(INCIDENT.filter(([, field]) => field !== null)),
      );
      expect(incident.stderr).toContain(
        '"opened_at" is TKT-Created Time: its name is a usual one for the field, and its values are dates, such as',
      );
      expect(incident.stderr).toMatch(/"sys_id", .*"location", .*"u_other_0"/);
      expect(incident.stderr).toContain("--map-file mapping.json --key-from-digits --dry-run");
      expect(await imported("incident.csv", "--key-from-digits")).toMatchObject({ inserted: 3, errors: 0 });

      const nameless = await suggested("no ids.csv", [
        "Headline,Phase,When",
        "The first screen is black,Open,1/3/2025 10:00",
        "The second one is white,Closed,2/3/2025 10:00",
      ]);
      expect(JSON.parse(nameless.stdout)).toEqual({
        Headline: "TKT-Title",
        Phase: "TKT-Status",
        When: "TKT-Created Time",
      });
      expect(nameless.stderr).toContain(
        "otc-etl import 'no ids.csv' --view tickets --map-file mapping.json --generate-key --dry-run",
      );
      expect(await imported("no ids.csv", "--generate-key")).toMatchObject({ inserted: 2, errors: 0 });
      // No embedded database was made.
      expect((await readdir(folder)).toSorted()).toEqual(["incident.csv", "mapping.json", "no ids.csv"]);

      const both = ["import", "incident.csv", "--view", "tickets", "--suggest", "--dry-run"];
      const refused = await runCli(both, { cwd: folder });
      expect(refused.code).toBe(2);
      expect(refused.stderr).toContain("--suggest loads nothing, so it cannot be used with --dry-run");
    });

    test("writes what a dry run would reject to a new file, and overwrites none", async () => {
      const database = await target.fresh();
      const folder = await temporaryFolder();
      const path = join(folder, "rejects.ndjson");
      const args = ["import", "-", "--view", "tickets", "--format", "csv", "--rejects-file", path];
      const options = {
        env: database.env,
        input: 'TKT-Ticket ID,TKT-Title,TKT-Due Date\n1,fine,\n2,"a""b\n3",31/02/2024\nthree,ünïcode,\n',
      };
      const dryRun = await callCli([...args, "--dry-run"], options);
      expect(dryRun.code).toBe(4);
      expect(dryRun.stderr).toContain(`2 rejected records written to ${path}`);
      const written = await readFile(path, "utf8");
      expect(jsonLines(written)).toEqual([
        {
          position: 2,
          key: 'TKT-Ticket ID="2"',
          field: "TKT-Due Date",
          reason: "invalid_timestamp",
          message: expect.stringContaining("31/02/2024"),
          sqlState: null,
          raw: '{"TKT-Ticket ID":"2","TKT-Title":"a\\"b\\n3","TKT-Due Date":"31/02/2024"}',
        },
        expect.objectContaining({ position: 3, field: "TKT-Ticket ID", reason: "invalid_integer" }),
      ]);
      expect(
        await database.sql(
          `select count(*)::int as runs, (select count(*)::int from ${database.table("etl_rejects")}) as rejects
           from ${database.table("etl_metadata")}`,
        ),
      ).toEqual([{ runs: 0, rejects: 0 }]);

      const again = await callCli([...args, "--dry-run"], options);
      expect({ code: again.code, stdout: again.stdout }).toEqual({ code: 2, stdout: "" });
      expect(again.stderr).toContain("for rejected records exists already, and stays as it is");
      expect(await readFile(path, "utf8")).toBe(written);
      const loading = await callCli(args, options);
      expect(loading.code).toBe(2);
      expect(loading.stderr).toContain("--rejects-file belongs to --dry-run");

      // A dry run that fails leaves no file behind.
      const other = join(folder, "other.ndjson");
      const broken = { ...options, input: 'TKT-Ticket ID\n"1' };
      const failed = await callCli([...args.slice(0, -1), other, "--dry-run"], broken);
      expect(failed.code).toBe(1);
      expect(await readdir(folder)).toEqual(["rejects.ndjson"]);
    });

    test("needs no more memory for a workbook with more text than fits into memory", async () => {
      const database = await target.fresh();
      const path = join(await temporaryFolder(), "large.xlsx");
      const others = Array.from({ length: COLUMNS - 4 }, (_, index) => `Field ${index}`);
      const fields = [...Object.keys(timesheet("ann")).slice(0, 4), ...others];
      await writeWorkbook(path, {
        sharedStrings: (function* () {
          for (let index = 0; index < ROWS; index += 1) yield `<si><t>${escaped(longText(index))}</t></si>`;
        })(),
        sheets: [
          {
            name: "Large",
            rows: (function* () {
              yield row(...fields.map(inline));
              const rest = others.slice(1).map((_, index) => `<c><v>${index}</v></c>`);
              for (let index = 0; index < ROWS; index += 1) {
                const time = `<c/><c><v>${index}</v></c><c t="s"><v>${index}</v></c>`;
                yield row(inline("ann"), "<c><v>45356</v></c>", time, ...rest);
              }
            })(),
          },
        ],
      });
      const memory = await memoryReporter();
      const { code, stdout, stderr } = await runCli(["import", path, "--view", "timesheets", "--json"], {
        env: { ...database.env, ...memory.env },
        // Else the young generation alone may take 128 MB.
        nodeOptions: [
          "--max-semi-space-size=8",
          `--max-old-space-size=${HEAP_MEGABYTES}`,
          ...memory.nodeOptions,
        ],
      });
      expect(stderr).not.toContain("heap out of memory");
      expect(code).toBe(0);
      expect(jsonLines(stdout)[0]).toMatchObject({ fetched: ROWS, inserted: ROWS });
      expect(await memory.peakMegabytes()).toBeLessThan(300);
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);

describeWithSharedData("a real export of another service desk", "service-desk-export.xlsx", (path) => {
  test("has no ticket ids: the error lists its columns and a remedy", async () => {
    const { code, stdout, stderr } = await runCli(["import", path, "--view", "tickets"]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain('The file has no column "TKT-Ticket ID"');
    expect(stderr).toContain('"Short description", "Description", "Caller", "Assignment group"');
    expect(stderr).toContain('--map "THEIR NAME=TKT-Ticket ID"');
  });

  describeEachDatabase(
    "into tickets",
    (target) => {
      test("is read to its last row, whatever its texts contain", async () => {
        const { env } = await target.fresh();
        const flags = ["--map", "Caller=TKT-Ticket ID", "--max-errors", "100%", "--json"];
        const { code, stdout } = await runCli(["import", path, "--view", "tickets", ...flags], { env });
        expect(code).toBe(3);
        // Names are no ids: every row goes to quarantine.
        expect(jsonLines(stdout)[0]).toMatchObject({ fetched: 8500, inserted: 0, errors: 8500 });
      });
    },
    ({ name }) => name === "PostgreSQL 18",
  );
});

import { PassThrough, Readable } from "node:stream";
import stringWidth from "string-width";
import { expect, test } from "vitest";
import type { CliContext } from "../../../src/cli/cli-context.ts";
import { buildProgram } from "../../../src/cli/program.ts";
import { FAST } from "../../support/aftermath.ts";
import { type DatabaseUnderTest, describeEachDatabase } from "../../support/each-database.ts";
import { documentOf } from "../../support/load-records.ts";
import { ticket } from "../../support/sample-records.ts";

/** Records with what makes lines long. */
const DOCUMENT = documentOf([
  ...Array.from({ length: 1200 }, (_, index) => ticket(index + 1)),
  ticket(2001, { "TKT-Due Date": "5/13/2016", "TKT-Title": "一".repeat(200) }),
  ticket(2002, { "TKT-Closure Date": "never ".repeat(40) }),
]);

const NEXT_DOCUMENT = documentOf([ticket(1, { "TKT-Title": "x".repeat(300) }), ticket(3000)]);

const COMMANDS = [
  ["status"],
  ["status", "--check"],
  ["rejects", "list"],
  ["rejects", "show", "1"],
  ["missing", "list"],
  ["doctor"],
  ["settings"],
  ["plan", "tickets", "--from", "-", "--allow-shrink"],
  ["worker", "--list"],
  ["migrate", "--status"],
] as const;

/** What a command writes to a terminal of this many columns, or to a pipe. */
async function outputOf(
  words: readonly string[],
  database: DatabaseUnderTest,
  columns: number | undefined,
  input = NEXT_DOCUMENT,
): Promise<string> {
  const terminal = columns === undefined ? {} : { isTTY: true, columns };
  const stdout = Object.assign(new PassThrough(), terminal) as unknown as CliContext["stdout"];
  const program = buildProgram({
    env: { ...FAST, ...database.env, NO_COLOR: "1", OTC_API_URL: `http://${"somewhere-".repeat(9)}/` },
    fromDotEnv: new Set(),
    tracing: undefined,
    stdin: Readable.from([input], { objectMode: false }),
    stdout,
    stderr: new PassThrough().resume() as unknown as CliContext["stderr"],
    signal: new AbortController().signal,
    endAfter: () => undefined,
  });
  await program.parseAsync(words, { from: "user" });
  // It is that of the command, and not of this process.
  process.exitCode = undefined;
  stdout.end();
  return (await stdout.setEncoding("utf8").toArray()).join("");
}

describeEachDatabase(
  "a terminal",
  (target) => {
    test("has no line that is longer than its width, and a pipe has everything", async () => {
      const database = await target.fresh();
      const loaded = await outputOf(["load", "tickets", "--from", "-"], database, 80, DOCUMENT);
      expect(loaded).toMatch(/^tickets +partial +1 +1,202 +1,200 +0 +0 +2 /m);
      for (const columns of [80, 120]) {
        for (const words of COMMANDS) {
          const output = await outputOf(words, database, columns);
          expect(output).not.toBe("");
          for (const line of output.split("\n")) {
            expect(
              stringWidth(line),
              `${words.join(" ")} in ${columns} columns: ${line}`,
            ).toBeLessThanOrEqual(columns);
          }
        }
      }
      expect(await outputOf(["status"], database, 80)).toMatch(/^tickets +(now|\d+ s ago) +1,200 +/m);
      for (const output of [
        await outputOf(["status"], database, undefined),
        await outputOf(["status", "--wide"], database, 80),
      ]) {
        expect(output).toMatch(/^tickets +\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ +\d+ s +1,200 /m);
        expect(output).toMatch(
          /^run +view +kind +status +started +seconds +fetched +inserted +updated +skipped +errors$/m,
        );
      }
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);

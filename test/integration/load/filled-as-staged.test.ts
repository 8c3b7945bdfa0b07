import { createHash } from "node:crypto";
import fc from "fast-check";
import { pino } from "pino";
import { expect, test } from "vitest";
import comments from "../../../src/views/definitions/comments.ts";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import type { View } from "../../../src/views/view.ts";
import {
  type DatabaseUnderTest,
  describeEachDatabase,
  onOldestAndEmbedded,
} from "../../support/each-database.ts";
import { documentOf, type Fields, load } from "../../support/load-records.ts";
import { comment, timesheet } from "../../support/sample-records.ts";

/** With so many bytes a document is long enough for the table to be filled directly; spaces count as well. */
const LONG_ENOUGH = 4 * 1024 * 1024;

/** Text that does not compress, always the same for the same number. */
function noise(number: number, length: number): string {
  return createHash("shake256", { outputLength: length }).update(String(number)).digest("base64");
}

/** A database with a loader, and what the loader logs. */
function watched(database: DatabaseUnderTest, fills: boolean) {
  let text = "";
  const loader = database.open({}, pino({ level: "debug" }, { write: (line: string) => (text += line) }));
  const takeLog = () => {
    const taken = text;
    text = "";
    return taken;
  };
  return { database, loader, fills, takeLog };
}

/** A first load of each document into two tables, of which one is filled directly and the other cannot be. */
async function bothWays(fresh: () => Promise<DatabaseUnderTest>, view: View) {
  const direct = watched(await fresh(), true);
  const staged = watched(await fresh(), false);
  await staged.database.sql(
    `alter table ${staged.database.table(view.table)} add constraint never_refuses check (true)`,
  );
  return async (document: string): Promise<void> => {
    const results = [];
    for (const { database, loader, fills, takeLog } of [direct, staged]) {
      await database.sql(`truncate ${database.table(view.table)}`);
      const outcome = await load(loader, view, document, { maxErrors: "100%", allowShrink: true });
      expect(takeLog().includes("the rows go into it themselves")).toBe(fills);
      const { fetched, inserted, updated, skipped, errors, duplicates, unchanged } = outcome;
      results.push({
        counts: { fetched, inserted, updated, skipped, errors, duplicates, unchanged },
        rows: await database.sql(
          `select md5(t::text) as row from ${database.table(view.table)} t order by row`,
        ),
        rejects: await database.sql(
          `select position, record_key, column_name, reason, sql_state, raw_record
           from ${database.table("etl_rejects")} where run_id = $1 order by position`,
          [outcome.runId],
        ),
        history: await database.sql(`select count(*)::int as count from ${database.table("ticket_history")}`),
      });
    }
    expect(results[0]).toEqual(results[1]);
  };
}

/** The document of the records, padded until it is long. */
function padded(records: readonly Fields[]): string {
  return documentOf(records).replace("[", `[${" ".repeat(LONG_ENOUGH)}`);
}

const longName = fc.integer({ min: 1, max: 3 }).map((number) => noise(number, 3000));

const timesheetRecords = fc.array(
  fc
    .record({
      user: fc.oneof(
        { weight: 8, arbitrary: fc.constantFrom("ann", "bob", "Ann", "ann ") },
        { weight: 1, arbitrary: longName },
        { weight: 1, arbitrary: fc.constant(null) },
      ),
      from: fc.constantFrom(undefined, null, "", "8:00"),
      ticket: fc.constantFrom(undefined, null, 0, 1),
      hours: fc.constantFrom("1,5", "1.50", 2, "much"),
      notes: fc.oneof(
        fc.string(),
        fc.integer().map((n) => noise(n, 3000)),
      ),
    })
    .map(({ user, from, ticket, hours, notes }) =>
      timesheet(user, {
        "TS-Time From": from,
        "TS-Crm ID": ticket,
        "TS-Hours": hours,
        "TS-Notes": notes,
        ...(notes.length % 7 === 0 ? { Colour: notes } : {}),
      }),
    ),
  { maxLength: 60 },
);

const commentRecords = fc.array(
  fc
    .record({
      id: fc.oneof(
        { weight: 9, arbitrary: fc.integer({ min: 1, max: 12 }) },
        { weight: 1, arbitrary: fc.constant("?") },
      ),
      created: fc.constantFrom("2025-03-01T08:00:00Z", "2025-03-02T08:00:00Z", null),
      text: fc.string({ maxLength: 2000 }),
    })
    .map(({ id, created, text }) => comment(id, { "TKTCT-Created Time": created, "TKTCT-Comment": text })),
  { maxLength: 60 },
);

describeEachDatabase(
  "a table filled directly equals one that was staged",
  (target) => {
    test("when rows of very different lengths are not stored in the order of the document", async () => {
      const seed = Date.now();
      const number = (index: number, below: number): number =>
        createHash("sha1").update(`${seed} ${index}`).digest().readUInt32BE() % below;
      const records = Array.from({ length: 15_000 }, (_, index) => {
        const length = number(index, 10) < 5 ? number(-index, 20) : number(-index, 1500);
        return comment(number(index + 1e6, 7500), {
          "TKTCT-Comment": `${index} ${noise(index, length)}`,
          "TKTCT-Created Time": new Date(1.7e12 + index * 1000).toISOString(),
        });
      });
      const compare = await bothWays(() => target.fresh(), comments);
      await compare(documentOf(records)).catch((cause: unknown) => {
        throw new Error(`seed ${seed}`, { cause });
      });
    });
  },
  // The embedded database stores rows with the code of PostgreSQL 18.
  ({ engine }) => engine === "postgres",
);

describeEachDatabase(
  "a table filled directly",
  (target) => {
    test.each([
      ["timesheets", timesheets, timesheetRecords],
      ["comments", comments, commentRecords],
    ] as const)(
      "equals one that was staged, whatever the document of %s holds",
      async (_name, view, records) => {
        const compare = await bothWays(() => target.fresh(), view);
        await fc.assert(
          fc.asyncProperty(records, (document) => compare(padded(document))),
          { numRuns: 8 },
        );
      },
    );
  },
  onOldestAndEmbedded,
);

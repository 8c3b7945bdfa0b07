import fc from "fast-check";
import { expect, test } from "vitest";
import comments from "../../../src/views/definitions/comments.ts";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import type { View } from "../../../src/views/view.ts";
import { type DatabaseUnderTest, describeEachDatabase } from "../../support/each-database.ts";
import { type Fields, load, plan } from "../../support/load-records.ts";

/** What a load should do, without SQL: a row by key, as the database would give it back in JSON. */
interface Model<Row> {
  readonly view: View;
  /** A document's records. */
  readonly records: fc.Arbitrary<Fields[]>;
  /** The record's key, undefined when it belongs in quarantine. */
  key(record: Fields): string | undefined;
  /** The row after a record, given the row before it. */
  row(record: Fields, before: Row | undefined): Row;
  /** Selects rows in the form of the model. */
  readonly select: string;
}

const text = fc.option(fc.constantFrom("", "a", "a ", "\u00e4\n", "\\N", "0"), { nil: null });

/** Absent as often as null: both are null. */
const maybe = (arbitrary: fc.Arbitrary<unknown>) => fc.option(arbitrary, { nil: undefined, freq: 4 });

const commentModel: Model<{ id: number; text: unknown; created: unknown; visible: unknown; extra: unknown }> =
  {
    view: comments,
    records: fc.array(
      fc.record({
        "TKTCT-CommentID": fc.oneof(
          { weight: 9, arbitrary: fc.integer({ min: 1, max: 6 }) },
          { weight: 1, arbitrary: fc.constantFrom(null, "", "x", 1.5) },
        ),
        "TKTCT-Comment": maybe(text),
        "TKTCT-Created Time": maybe(fc.constantFrom("2025-01-01T00:00:00Z", "1/2/2025", null)),
        "TKTCT-VisibleCustomer": fc.oneof(
          { weight: 9, arbitrary: fc.constantFrom("Yes", "0", true, "", null) },
          { weight: 1, arbitrary: fc.constant("perhaps") },
        ),
        New: maybe(fc.constantFrom(1, null, "x")),
      }),
      { maxLength: 12 },
    ),
    key: (record) => {
      const id = record["TKTCT-CommentID"];
      return Number.isInteger(id) && record["TKTCT-VisibleCustomer"] !== "perhaps" ? String(id) : undefined;
    },
    row: (record, before) => ({
      id: Number(record["TKTCT-CommentID"]),
      text: record["TKTCT-Comment"] ?? null,
      created:
        before === undefined
          ? ({ "2025-01-01T00:00:00Z": "2025-01-01", "1/2/2025": "2025-02-01" }[
              String(record["TKTCT-Created Time"])
            ] ?? null)
          : before.created,
      visible: { Yes: true, "0": false, true: true }[String(record["TKTCT-VisibleCustomer"])] ?? null,
      extra: record["New"] === undefined ? null : { New: record["New"] },
    }),
    select: `comment_id as id, comment_text as text, to_char(created_time at time zone 'UTC', 'YYYY-MM-DD') as created,
    visible_to_customer as visible, extra`,
  };

const timesheetModel: Model<{ user: unknown; from: unknown; crm: unknown; hours: unknown; notes: unknown }> =
  {
    view: timesheets,
    records: fc.array(
      fc.record({
        "TS-User Username": fc.constantFrom("ann", "bob", "Ann", "ann "),
        "TS-Date": fc.constant("5/3/2025"),
        "TS-Time From": maybe(fc.constantFrom("", null, "8:00", "08:00", "08:00:00", "08:00:30", "0")),
        "TS-Crm ID": maybe(fc.constantFrom(null, "", 0, 1)),
        "TS-Hours": fc.oneof(
          { weight: 9, arbitrary: fc.constantFrom("1,5", 2, null, "1.50") },
          { weight: 1, arbitrary: fc.constant("much") },
        ),
        "TS-Notes": maybe(text),
      }),
      { maxLength: 15 },
    ),
    key: (record) =>
      record["TS-Hours"] === "much"
        ? undefined
        : JSON.stringify([
            record["TS-User Username"],
            startOf(record["TS-Time From"]),
            record["TS-Crm ID"] === "" ? null : (record["TS-Crm ID"] ?? null),
          ]),
    row: (record, before) => {
      const row = {
        user: record["TS-User Username"],
        from: startOf(record["TS-Time From"]),
        crm: record["TS-Crm ID"] === "" ? null : (record["TS-Crm ID"] ?? null),
        hours: { "1,5": 1.5, "2": 2, "1.50": 1.5 }[String(record["TS-Hours"])] ?? null,
        notes: record["TS-Notes"] ?? null,
      };
      return before !== undefined && sameRow(before, row) ? before : row;
    },
    select: `"TS-User Username" as "user", "TS-Time From" as "from", "TS-Crm ID" as crm, "TS-Hours"::float8 as hours,
    "TS-Notes" as notes`,
  };

/** The start time as it is stored, of those that the records have. */
function startOf(sent: unknown): unknown {
  return sent === "8:00" || sent === "08:00:00" ? "08:00" : sent === "" ? null : (sent ?? null);
}

function sameRow(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

async function behavesLike<Row>(database: DatabaseUnderTest, model: Model<Row>, runs: number): Promise<void> {
  const loader = database.open();
  const table = database.table(model.view.table);
  await fc.assert(
    fc.asyncProperty(fc.array(model.records, { minLength: 1, maxLength: 4 }), async (documents) => {
      await database.sql(`truncate ${table}`);
      const rows = new Map<string, Row>();
      for (const records of documents) {
        const last = new Map<string, Fields>();
        let errors = 0;
        for (const record of records) {
          const key = model.key(record);
          if (key === undefined) errors += 1;
          else last.set(key, record);
        }
        let [inserted, updated] = [0, 0];
        for (const [key, record] of last) {
          const before = rows.get(key);
          const after = model.row(record, before);
          if (before === undefined) inserted += 1;
          else if (!sameRow(before, after)) updated += 1;
          rows.set(key, after);
        }
        const unchanged = last.size - inserted - updated;
        const duplicates = records.length - errors - last.size;

        const counts = {
          fetched: records.length,
          inserted,
          updated,
          unchanged,
          duplicates,
          errors,
          skipped: unchanged + duplicates,
        };
        const planned = await plan(loader, model.view, records, { samples: records.length });
        expect(planned).toMatchObject({ ...counts, status: "planned" });
        const repeats = planned.duplicateKeys.samples.map((sample) => sample.records - 1);
        expect(repeats.reduce((sum, count) => sum + count, 0)).toBe(duplicates);
        expect(planned.changes.every(({ rows: changed, samples }) => changed === samples.length)).toBe(true);
        const changedKeys = planned.changes.flatMap(({ samples }) =>
          samples.map(({ key }) => JSON.stringify(key)),
        );
        expect(new Set(changedKeys).size).toBe(updated);

        const outcome = await load(loader, model.view, records, { allowShrink: true });
        expect(outcome).toMatchObject({ ...counts, status: errors === 0 ? "success" : "partial" });
        const stored = await database.sql<Row>(`select ${model.select} from ${table}`);
        const inOrder = (list: Iterable<Row>) => [...list].map((row) => JSON.stringify(row)).sort();
        expect(inOrder(stored)).toEqual(inOrder(rows.values()));
      }
    }),
    { numRuns: runs },
  );
}

describeEachDatabase(
  "any sequence of documents",
  (target) => {
    const runs = target.engine === "embedded" ? 7 : 14;

    test("makes the table equal to a map by key, keeps created times, and matches the plan before it", async () => {
      await behavesLike(await target.fresh(), commentModel, runs);
    });

    test("finds keys with nulls in them again", async () => {
      await behavesLike(await target.fresh(), timesheetModel, runs);
    });
  },
  ({ name }) => name === "embedded" || name === "PostgreSQL 18",
);

import fc from "fast-check";
import { expect, test } from "vitest";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import { describeEachDatabase } from "../../support/each-database.ts";
import { type Fields, loadFromApi } from "../../support/load-records.ts";

/** One night: what OTC has of each user's day, and whether every record is compared. */
interface Night {
  readonly entries: readonly { readonly id: number; readonly hours: number | "much" }[];
  readonly full: boolean;
}

const DAYS = 14;
const USERS = ["ann", "bob"];
const MARGIN_DAYS = 2;

/** Each entry is the only one of its user's day, so that no two can be the same entry with another key. */
const ENTRIES = USERS.length * DAYS;

function recordOf(id: number, hours: number | "much"): Fields {
  return {
    "TS-User Username": USERS[Math.floor(id / DAYS)],
    "TS-Date": `2025-05-${String((id % DAYS) + 1).padStart(2, "0")}T00:00:00Z`,
    "TS-Hours": hours,
  };
}

const nights: fc.Arbitrary<Night[]> = fc.array(
  fc.record({
    entries: fc
      .array(
        fc.option(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(1, 2) }, fc.constant("much" as const)), {
          freq: 4,
        }),
        {
          minLength: ENTRIES,
          maxLength: ENTRIES,
        },
      )
      .map((hours) => hours.flatMap((value, id) => (value === null ? [] : [{ id, hours: value }]))),
    full: fc.boolean(),
  }),
  { minLength: 2, maxLength: 6 },
);

/** What the table, its archive and the record should be after some nights, without SQL. */
class MissingModel {
  readonly table = new Map<number, number>();
  readonly archive = new Map<number, number>();
  readonly #candidates = new Set<number>();

  /** @returns the counts of the night */
  load({ entries }: Night): { readonly missing: number; readonly returned: number } {
    let returned = 0;
    const days: number[] = [];
    for (const { id, hours } of entries) {
      if (hours === "much") continue;
      if (this.archive.delete(id)) returned += 1;
      this.table.set(id, hours);
      days.push(id % DAYS);
    }
    const [from, to] = [Math.min(...days) + MARGIN_DAYS, Math.max(...days)];
    if (days.length === 0 || from > to) return { missing: 0, returned };
    const present = new Set(entries.map(({ id }) => id));
    const absent = [...this.table.keys()].filter(
      (id) => !present.has(id) && id % DAYS >= from && id % DAYS <= to,
    );
    const missing = absent.filter((id) => this.#candidates.has(id));
    this.#candidates.clear();
    for (const id of absent) this.#candidates.add(id);
    for (const id of missing) {
      this.#candidates.delete(id);
      this.archive.set(id, this.table.get(id) ?? NaN);
      this.table.delete(id);
    }
    return { missing: missing.length, returned };
  }
}

describeEachDatabase(
  "any sequence of nights",
  (target) => {
    test("makes the table equal to what OTC has, and keeps what it has lost", async () => {
      const database = await target.fresh();
      const loader = database.open();
      const rowsOf = async (table: string): Promise<ReadonlyMap<number, number>> => {
        const rows = await database.sql<{ user: string; day: number; hours: number }>(
          `select "TS-User Username" as "user", extract(day from "TS-Date" at time zone 'UTC')::integer as day,
               "TS-Hours"::float8 as hours
             from ${database.table(table)} order by 1, 2`,
        );
        return new Map(rows.map(({ user, day, hours }) => [USERS.indexOf(user) * DAYS + day - 1, hours]));
      };
      const inOrder = (rows: ReadonlyMap<number, number>) => [...rows].sort(([a], [b]) => a - b);
      await fc.assert(
        fc.asyncProperty(nights, async (sequence) => {
          for (const table of ["timesheets", "timesheets_deleted", "etl_missing"]) {
            await database.sql(`delete from ${database.table(table)}`);
          }
          const model = new MissingModel();
          for (const night of sequence) {
            const expected = model.load(night);
            const outcome = await loadFromApi(
              loader,
              timesheets,
              night.entries.map(({ id, hours }) => recordOf(id, hours)),
              { full: night.full, allowShrink: true },
            );
            const { fetched, inserted, updated, skipped, errors } = outcome;
            expect(inserted + updated + skipped + errors).toBe(fetched);
            expect(outcome).toMatchObject({ ...expected, rekeyed: 0 });
            expect(inOrder(await rowsOf("timesheets"))).toEqual(inOrder(model.table));
            expect(inOrder(await rowsOf("timesheets_deleted"))).toEqual(inOrder(model.archive));
          }
        }),
        { numRuns: target.engine === "embedded" ? 5 : 9 },
      );
    }, 120_000);
  },
  ({ name }) => name === "embedded" || name === "PostgreSQL 18",
);

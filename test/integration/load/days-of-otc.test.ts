import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import { type DatabaseUnderTest, describeEachDatabase } from "../../support/each-database.ts";
import { type Fields, loadFromApi } from "../../support/load-records.ts";
import { describeWithSharedData } from "../../support/shared-data.ts";

/** An entry as OTC has it, and as a row has it. Days are counted from 1970. */
interface Entry {
  readonly user: string;
  readonly day: number;
  readonly start: string | null;
  readonly ticket: number;
  readonly hours: number;
  readonly description: string;
}

/** What somebody does in OTC; `pick` chooses among the entries that it can be done with. */
interface Action {
  readonly kind: "correct hours" | "correct start" | "move to ticket" | "move back" | "delete" | "restore";
  readonly pick: number;
  readonly hours: number;
}

/** What is done on one day before the load of the night. */
interface Day {
  readonly actions: readonly Action[];
  readonly full: boolean;
}

const FIRST_DAY = Date.UTC(2006, 9, 1) / 86_400_000;
const DAYS = 30;
/** The embedded database takes three times as long for a night. */
const EMBEDDED_DAYS = 10;
/** OTC serves the entries of eighteen months. */
const SERVED_DAYS = 548;
const MARGIN_DAYS = 2;
/** Far enough from the window's beginning that a row which is moved is judged, whatever days have no entry. */
const BEYOND_MARGIN_DAYS = 20;
/** Users enter their time up to two days later; what is older can be corrected. */
const LATEST_ENTRY_DAYS = 2;
const MANY_DAYS = 1_000_000;

const days: fc.Arbitrary<Day[]> = fc.array(
  fc.record({
    actions: fc.array(
      fc.record({
        kind: fc.constantFrom<Action["kind"][]>(
          "correct hours",
          "correct start",
          "move to ticket",
          "move back",
          "delete",
          "delete",
          "restore",
        ),
        pick: fc.nat(MANY_DAYS),
        hours: fc.integer({ min: 1, max: 40 }).map((quarters) => quarters / 4),
      }),
      { minLength: 3, maxLength: 12 },
    ),
    full: fc.boolean(),
  }),
  { minLength: DAYS, maxLength: DAYS },
);

const keyOf = ({ user, day, start, ticket }: Entry) => [user, day, start, ticket].join("|");

/** OTC itself: what it has each day, and how each entry got there. */
class Desk {
  readonly live = new Map<string, Entry>();
  /** By the new key: the entry under its old one. */
  readonly movedFrom = new Map<string, Entry>();
  readonly #deleted = new Map<string, Entry>();
  readonly #real: readonly Entry[];
  readonly #tickets: readonly number[];
  /** When something was last done with an entry of a user's day: two at once could be taken for one another. */
  readonly #touched = new Map<string, number>();
  #today = FIRST_DAY - 1;

  constructor(real: readonly Entry[]) {
    this.#real = real;
    this.#tickets = [...new Set(real.map(({ ticket }) => ticket))];
    for (const entry of real) if (entry.day < FIRST_DAY) this.live.set(keyOf(entry), entry);
  }

  /** @returns what OTC serves in the night, and which keys became which on this day */
  nightAfter({ actions }: Day): {
    readonly served: readonly Entry[];
    readonly moves: ReadonlyMap<string, string>;
  } {
    this.#today += 1;
    const moves = new Map<string, string>();
    for (const [index, entry] of this.#real.entries()) {
      const enteredOn = entry.day + (index % (LATEST_ENTRY_DAYS + 1));
      if (entry.day >= FIRST_DAY && enteredOn === this.#today) this.live.set(keyOf(entry), entry);
    }
    for (const action of actions) this.#act(action, moves);
    return { served: [...this.live.values()].filter(({ day }) => day > this.#oldest()), moves };
  }

  #oldest(): number {
    return this.#today - SERVED_DAYS;
  }

  #act({ kind, pick, hours }: Action, moves: Map<string, string>): void {
    const [source, from] =
      kind === "restore"
        ? [this.#deleted, this.#oldest() + BEYOND_MARGIN_DAYS]
        : [this.live, this.#oldest() + (kind === "delete" ? 1 : BEYOND_MARGIN_DAYS)];
    const possible = [...source].filter(
      ([key, { user, day }]) =>
        day >= from &&
        day < this.#today - LATEST_ENTRY_DAYS &&
        this.#today - (this.#touched.get(`${user}|${day}`) ?? -MANY_DAYS) >= (kind === "restore" ? 1 : 2) &&
        (kind !== "move back" || this.movedFrom.has(key)),
    );
    const [key, entry] = possible[pick % possible.length] ?? [];
    if (key === undefined || entry === undefined) return;
    this.#touched.set(`${entry.user}|${entry.day}`, this.#today);
    switch (kind) {
      case "correct hours":
        this.live.set(key, { ...entry, hours });
        return;
      case "correct start":
        this.#move(entry, { ...entry, start: `${String(pick % 24).padStart(2, "0")}:30`, hours }, moves);
        return;
      case "move to ticket":
        this.#move(entry, { ...entry, ticket: this.#tickets[pick % this.#tickets.length] ?? 0 }, moves);
        return;
      case "move back": {
        const { start, ticket } = this.movedFrom.get(key) ?? entry;
        this.#move(entry, { ...entry, start, ticket, hours }, moves);
        return;
      }
      case "delete":
        this.live.delete(key);
        this.#deleted.set(key, entry);
        return;
      case "restore":
        this.#deleted.delete(key);
        this.live.set(key, { ...entry, hours });
        return;
      default:
        kind satisfies never;
    }
  }

  #move(entry: Entry, moved: Entry, moves: Map<string, string>): void {
    const [before, after] = [keyOf(entry), keyOf(moved)];
    if (this.live.has(after) || this.#deleted.has(after)) return;
    this.live.delete(before);
    this.live.set(after, moved);
    this.movedFrom.set(after, entry);
    moves.set(before, after);
  }
}

/** What the tables should have after the nights so far, without SQL. */
class Tables {
  readonly rows = new Map<string, Entry>();
  readonly archive = new Map<string, { readonly entry: Entry; readonly newKey: string | null }>();
  readonly changes: string[] = [];
  /** Rows that only the last document did not contain. */
  readonly missedOnce = new Set<string>();
  from = -Infinity;

  /** @returns the counts of the night */
  load(served: readonly Entry[], moves: ReadonlyMap<string, string>) {
    const counts = { fetched: served.length, inserted: 0, updated: 0, returned: 0, rekeyed: 0, missing: 0 };
    const inserted = new Set<string>();
    for (const entry of served) {
      const key = keyOf(entry);
      const archived = this.archive.get(key);
      if (archived !== undefined) {
        counts.returned += 1;
        this.archive.delete(key);
      }
      const before = this.rows.get(key) ?? archived?.entry;
      if (before === undefined) {
        inserted.add(key);
        counts.inserted += 1;
      } else if (before.hours !== entry.hours) {
        counts.updated += 1;
        this.changes.push(`${key}: ${before.hours} to ${entry.hours}`);
      }
      this.rows.set(key, entry);
    }
    const present = new Set(served.map(keyOf));
    const dates = served.map(({ day }) => day);
    this.from = Math.min(...dates) + MARGIN_DAYS;
    const to = Math.max(...dates);
    const absent = [...this.rows].filter(
      ([key, { day }]) => !present.has(key) && day >= this.from && day <= to,
    );
    const before = new Set(this.missedOnce);
    this.missedOnce.clear();
    for (const [key, entry] of absent) {
      const newKey = moves.get(key);
      const isRekeyed = newKey !== undefined && inserted.has(newKey);
      if (!isRekeyed && !before.has(key)) {
        this.missedOnce.add(key);
        continue;
      }
      counts[isRekeyed ? "rekeyed" : "missing"] += 1;
      this.rows.delete(key);
      this.archive.set(key, { entry, newKey: isRekeyed ? newKey : null });
    }
    return counts;
  }
}

const dateOf = (day: number) => new Date(day * 86_400_000).toISOString().slice(0, 10);

/** A record of an entry; the start is spelled in another way each night. */
function recordOf({ user, day, start, ticket, hours, description }: Entry, night: number): Fields {
  const spelled = start === null ? null : [start, start.replace(/^0/, ""), `${start}:00`][night % 3];
  return {
    "TS-User Username": user,
    "TS-Date": `${dateOf(day)} 00:00:00`,
    "TS-Time From": spelled,
    "TS-Crm ID": ticket,
    "TS-Hours": hours,
    "TS-Description": description,
  };
}

function readReal(path: string): readonly Entry[] {
  const { message } = JSON.parse(gunzipSync(readFileSync(path)).toString("utf8")) as {
    message: { data: Record<string, string | number | null>[] };
  };
  return message.data
    .filter((record) => record["TS-Date"] !== "")
    .map((record) => ({
      user: String(record["TS-User Username"]),
      day: Date.parse(`${String(record["TS-Date"]).replace(" ", "T")}Z`) / 86_400_000,
      start: null,
      ticket: Number(record["TS-Crm ID"]),
      hours: Number(record["TS-Hours"]),
      description: String(record["TS-Description"] ?? ""),
    }));
}

function entriesIn(
  database: DatabaseUnderTest,
  table: string,
  more = "",
): Promise<readonly (Entry & Fields)[]> {
  return database.sql(
    `select "TS-User Username" as "user", (extract(epoch from "TS-Date") / 86400)::float8 as "day",
       "TS-Time From" as "start", "TS-Crm ID"::float8 as "ticket", "TS-Hours"::float8 as "hours",
       coalesce("TS-Description", '') as "description" ${more}
     from ${database.table(table)}`,
  );
}

const byKey = (entries: readonly Entry[]) =>
  entries.map((entry) => [keyOf(entry), entry] as const).sort(([a], [b]) => (a < b ? -1 : 1));

const thousandths = (entries: Iterable<Entry>) =>
  [...entries].reduce((sum, { hours }) => sum + Math.round(hours * 1000), 0);

describeWithSharedData("real timesheets, corrected day by day", "timesheets.json.gz", (path) => {
  const real = readReal(path);

  describeEachDatabase(
    "in a month of nights, or ten on the embedded database,",
    (target) => {
      test("leave the rows and hours that OTC has after each night, and account for all others", async () => {
        const found = { rekeyed: 0, missing: 0, returned: 0, updated: 0 };
        await fc.assert(
          fc.asyncProperty(days, async (sequence) => {
            const database = await target.fresh();
            const loader = database.open();
            const desk = new Desk(real);
            const tables = new Tables();
            const nights = target.engine === "embedded" ? sequence.slice(0, EMBEDDED_DAYS) : sequence;
            for (const [night, day] of nights.entries()) {
              const { served, moves } = desk.nightAfter(day);
              const expected = tables.load(served, moves);
              const records = served.map((entry) => recordOf(entry, night));
              const outcome = await loadFromApi(loader, timesheets, records, { full: day.full });
              expect({ night, ...outcome }).toMatchObject({ night, status: "success", ...expected });
              for (const count of ["rekeyed", "missing", "returned", "updated"] as const) {
                found[count] += outcome[count];
              }

              const rows = await entriesIn(database, "timesheets");
              expect(byKey(rows)).toEqual(byKey([...tables.rows.values()]));
              const removed = await entriesIn(
                database,
                "timesheets_deleted",
                `, deleted_reason as "reason", (new_key ->> 'TS-Crm ID')::float8 as "newTicket"`,
              );
              expect(byKey(removed)).toEqual(
                byKey(
                  [...tables.archive.values()].map(({ entry, newKey }) => ({
                    ...entry,
                    reason: newKey === null ? "missing" : "rekeyed",
                    newTicket: newKey === null ? null : Number(newKey.split("|").at(-1)),
                  })),
                ),
              );
              // In what the document's window covers, the table has the hours that OTC has, and of rows that it has
              // missed only once.
              const judged = ({ day: date }: Entry) => date >= tables.from;
              const waiting = [...tables.missedOnce].map((key) => tables.rows.get(key)!);
              expect(thousandths(rows.filter(judged))).toBe(
                thousandths(served.filter(judged)) + thousandths(waiting.filter(judged)),
              );
            }
            const history = await database.sql<Entry & { old: number; new: number }>(
              `select username as "user", (extract(epoch from entry_date) / 86400)::float8 as "day", time_from as "start",
                 ticket_id::float8 as "ticket", old_value::float8 as "old", new_value::float8 as "new"
               from ${database.table("timesheet_history")} where column_name = 'TS-Hours'`,
            );
            expect(history.map((entry) => `${keyOf(entry)}: ${entry.old} to ${entry.new}`).sort()).toEqual(
              tables.changes.toSorted(),
            );
            await loader.close();
          }),
          { numRuns: 1, endOnFailure: true },
        );
        // A sequence in which nothing happens would show nothing.
        for (const count of Object.values(found)) expect(count).toBeGreaterThan(0);
      }, 180_000);
    },
    ({ name }) => name === "embedded" || name === "PostgreSQL 18",
  );
});

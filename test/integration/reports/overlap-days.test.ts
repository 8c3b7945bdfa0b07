import fc from "fast-check";
import { expect, test } from "vitest";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import { migrate } from "../../../src/loader/migrate.ts";
import { readOverlaps, countOverlaps } from "../../../src/web/desk/overlaps.ts";
import {
  type DatabaseUnderTest,
  describeDistributed,
  describeEachDatabase,
  type Target,
} from "../../support/each-database.ts";
import { type Fields, loadFromApi } from "../../support/load-records.ts";
import { many, timesheet } from "../../support/sample-records.ts";

/** Its clocks go forward on 5 October 2025, so that this day has 23 hours. */
const ZONE = "Australia/Sydney";

const HOUR_MS = 3_600_000;

/** `timesheet_overlap_days` begins so long before the newest day that has come. */
const COVERED_MS = 2184 * HOUR_MS;

/** Around the change of the clocks, one before what is covered, and one that has not come. */
const DAYS = ["2025-10-03", "2025-10-04", "2025-10-05", "2025-10-06", "2025-06-01", "2999-01-01"];
const STARTS = [null, "00:00", "9:00", "09:30", "10:00", "22:00", "23:30", "morning"];
const ENDS = [null, "00:30", "9:30", "10:00", "11:00:00", "24:00", "25:00", "02:00"];

const entry = fc
  .record({
    user: fc.constantFrom("ann", "Bea", "zoë"),
    day: fc.constantFrom(...DAYS),
    from: fc.constantFrom(...STARTS),
    to: fc.constantFrom(...ENDS),
    crm: fc.constantFrom(null, 1, 2, 3),
  })
  .map(({ user, day, from, to, crm }) =>
    timesheet(user, { "TS-Date": day, "TS-Time From": from, "TS-Time To": to, "TS-Crm ID": crm }),
  );

/** What somebody does with the table between two nights; a statement about `timesheets`. */
const WRITES = [
  `delete from timesheets where "TS-User Username" = 'ann' and "TS-Crm ID" = 1`,
  `update timesheets set "TS-Time To" = '23:45' where "TS-User Username" = 'Bea'`,
  `update timesheets set "TS-Date" = '2025-10-05 00:00+10', "TS-Crm ID" = 77
   where "TS-Date" = '2025-10-06 00:00+11' and "TS-Crm ID" = 3`,
  `update timesheets set deleted_at = now() where "TS-Crm ID" = 2`,
  `insert into timesheets ("TS-User Username", "TS-Date", "TS-Time From", "TS-Time To")
   values ('ann', '2025-10-04 00:00+10', '10:00:00', '3:00') on conflict do nothing`,
  "delete from timesheets",
] as const;

const nights = fc.array(
  fc.record({
    records: fc.array(entry, { minLength: 5, maxLength: 25 }),
    write: fc.option(fc.constantFrom(...WRITES), { nil: undefined }),
  }),
  { minLength: 1, maxLength: 4 },
);

interface Row {
  readonly username: string;
  readonly day: Date;
  readonly from: string | null;
  readonly to: string | null;
  readonly ticket: number | null;
  readonly deleted: boolean;
}

interface Times {
  readonly row: Row;
  readonly starts: number;
  readonly ends: number;
}

/** In hours; undefined when it is no time of the day. */
function hoursOf(time: string | null, last: number): number | undefined {
  const [hour, minute, second = 0] = (/^\d{1,2}:\d\d(:\d\d)?$/.exec(time ?? "")?.[0] ?? "")
    .split(":")
    .map(Number);
  if (hour === undefined || minute === undefined) return undefined;
  const hours = hour + minute / 60 + second / 3600;
  return hour < 24 || hours === last ? hours : undefined;
}

/** Every pair, by comparing each entry with each other one. */
function pairsOf(rows: readonly Row[]): readonly { readonly first: Row; readonly hours: number }[] {
  const entries = rows.flatMap((row): Times[] => {
    const starts = hoursOf(row.from, Number.NaN);
    const ends = hoursOf(row.to, 24);
    if (row.deleted || starts === undefined || ends === undefined || starts === ends) return [];
    return [{ row, starts, ends: ends < starts ? ends + 24 : ends }];
  });
  return entries.flatMap((first) =>
    entries.flatMap((second) => {
      const days = Math.round((second.row.day.getTime() - first.row.day.getTime()) / (24 * HOUR_MS));
      const starts = second.starts + days * 24;
      const order = second.starts - first.starts || (second.row.ticket ?? -1) - (first.row.ticket ?? -1);
      const isLater = days === 1 || (days === 0 && order > 0);
      if (second.row.username !== first.row.username || !isLater || starts >= first.ends) return [];
      return [{ first: first.row, hours: Math.min(first.ends, second.ends + days * 24) - starts }];
    }),
  );
}

async function expectTruth(database: DatabaseUnderTest): Promise<void> {
  const rows = await database.sql<Row>(
    `select "TS-User Username" as username, "TS-Date" as day, "TS-Time From" as "from", "TS-Time To" as "to",
       "TS-Crm ID" as ticket, deleted_at is not null as deleted
     from ${database.table("timesheets")}`,
  );
  const pairs = pairsOf(rows);
  const keyOf = ({ username, day }: Pick<Row, "username" | "day">): string =>
    `${username} ${day.toISOString()}`;
  const textOf = (found: readonly { readonly key: string; readonly hours: number }[]): string[] => {
    const keys = [...new Set(found.map(({ key }) => key))].sort();
    return keys.map((key) => {
      const own = found.filter((one) => one.key === key);
      return `${key}: ${own.length}, ${own.reduce((sum, { hours }) => sum + hours, 0).toFixed(6)}`;
    });
  };
  const expected = pairs.map(({ first, hours }) => ({ key: keyOf(first), hours }));
  const viewed = await database.sql<{ username: string; day: Date; hours: number }>(
    `select username, day, overlap_hours::float8 as hours from ${database.table("v_timesheet_overlaps")}`,
  );
  expect(textOf(viewed.map(({ hours, ...row }) => ({ key: keyOf(row), hours })))).toEqual(textOf(expected));

  const newest = Math.max(...rows.map(({ day }) => day.getTime()).filter((day) => day <= Date.now()));
  const covered = rows.filter(({ day }) => day.getTime() > newest - COVERED_MS);
  const counted = await database.sql<{ username: string; day: Date; pairs: number; hours: number }>(
    `select username, day, pairs, hours from ${database.table("timesheet_overlap_days")}`,
  );
  expect(counted.map(keyOf).sort()).toEqual([...new Set(covered.map(keyOf))].sort());
  const days = new Set(covered.map(keyOf));
  const texts = counted
    .filter((day) => day.pairs > 0)
    .map((day) => `${keyOf(day)}: ${day.pairs}, ${day.hours.toFixed(6)}`);
  expect(texts.sort()).toEqual(textOf(expected.filter(({ key }) => days.has(key))));
}

function countOverlapsOn(target: Target): void {
  test(
    "is what the timesheets say after any nights, whoever else has written to the table",
    { timeout: 300_000 },
    async () => {
      const database = await target.fresh();
      const loader = database.open({ OTC_TIMEZONE: ZONE });
      let night = 0;
      await fc.assert(
        fc.asyncProperty(nights, async (sequence) => {
          for (const { records, write } of sequence) {
            night += 1;
            if (write !== undefined) {
              await database.sql(write.replace("timesheets", database.table("timesheets")));
            }
            // A load that writes nothing changes nothing that is derived.
            const one = timesheet("night", { "TS-Date": "2025-10-07", "TS-Crm ID": night });
            await loadFromApi(loader, timesheets, [...records, one], { allowShrink: true });
            await expectTruth(database);
          }
        }),
        { numRuns: target.engine === "embedded" ? 8 : 12 },
      );
    },
  );

  test("leads to the pairs of each page, in their order and without a gap", async () => {
    const database = await target.fresh();
    const loader = database.open({ OTC_TIMEZONE: ZONE });
    const records = many(120, (number): Fields =>
      timesheet(`user${number % 3}`, {
        "TS-Date": `2025-10-0${3 + (number % 4)}`,
        "TS-Time From": number % 5 === 0 ? "23:00" : "09:00",
        "TS-Time To": number % 5 === 0 ? "09:30" : "10:00",
        "TS-Crm ID": number,
      }),
    );
    await loadFromApi(loader, timesheets, records);
    await expectTruth(database);
    const opened = await loader.database();
    const asOf = new Date("2025-10-07T00:00:00Z");
    const all = await readOverlaps(opened, asOf, { weeks: 4, skip: 0, limit: 100_000 });
    const { pairs, hours } = await countOverlaps({
      database: opened,
      asOf,
      filter: { team: undefined, weeks: 4 },
    });
    expect(all).toHaveLength(pairs);
    expect(all.reduce((sum, { overlapHours }) => sum + overlapHours, 0)).toBeCloseTo(hours, 6);
    const paged: unknown[] = [];
    for (let skip = 0; skip < pairs; skip += 17) {
      paged.push(
        ...(await readOverlaps(opened, asOf, { weeks: 4, skip, limit: 17 })).map(({ day, username }) => ({
          day,
          username,
        })),
      );
    }
    expect(paged).toEqual(all.map(({ day, username }) => ({ day, username })));
    expect(await readOverlaps(opened, asOf, { weeks: 4, skip: pairs, limit: 17 })).toEqual([]);
  });
}

describeEachDatabase("the number of overlapping timesheets", countOverlapsOn);
describeDistributed("the number of overlapping timesheets", countOverlapsOn);

describeEachDatabase("a database from before overlaps were counted", (target) => {
  test("has them counted by migrate", async () => {
    const database = await target.fresh({ migrated: false });
    await database.migrate(39);
    const columns = `"TS-User Username", "TS-Date", "TS-Time From", "TS-Time To"`;
    await database.sql(
      `insert into ${database.table("timesheets")} (${columns}) values
         ('ann', '2025-10-06', '09:00', '11:00'), ('ann', '2025-10-06', '10:00', '12:00'),
         ('bob', '2025-10-06', '09:00', '11:00'), ('bob', '2025-10-06', '09:00:00', '12:00')`,
    );
    await migrate(database.open(), new AbortController().signal);
    expect(
      await database.sql(
        `select username, pairs, hours from ${database.table("timesheet_overlap_days")} order by 1`,
      ),
    ).toEqual([
      { username: "ann", pairs: 1, hours: 1 },
      // Entries that begin together are a pair if they name different tickets.
      { username: "bob", pairs: 0, hours: 0 },
    ]);
  });
});

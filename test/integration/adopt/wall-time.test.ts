import { expect, test } from "vitest";
import { instantOf, wallTimeOf } from "../../../src/database/wall-time.ts";
import { convertTimestamp } from "../../../src/views/values/timestamp.ts";
import { timeZoneNamed } from "../../../src/views/values/time-zone.ts";
import { describeEachDatabase } from "../../support/each-database.ts";

/** One of an hour, one of half an hour, one south of the equator, one west, and those that never change. */
const ZONES = ["Europe/Vienna", "Australia/Lord_Howe", "America/St_Johns", "UTC", "Asia/Kolkata", "+02:00"];

/** Every quarter of an hour of the days around all changes of a year. */
const WALL_TIMES = `
  select day + quarter * interval '15 minutes' as wall
  from unnest(array['2024-03-09', '2024-03-10', '2024-03-31', '2024-04-01', '2024-04-06', '2024-04-07', '2024-10-05',
    '2024-10-06', '2024-10-26', '2024-10-27', '2024-10-28', '2024-11-03', '2024-11-04']::timestamp[]) day
  cross join generate_series(0, 95) quarter`;

const POSTGRES_EPOCH_MS = Date.UTC(2000, 0, 1);

describeEachDatabase("wall time in the database", (target) => {
  test("means the instant that a load would read in it", async () => {
    const opened = await (await target.fresh({ migrated: false })).open().database();
    for (const zone of ZONES) {
      const { rows } = await opened.query<{ wall: string; instant: Date; back: string }>(
        `select wall::text, instant, ${wallTimeOf("instant", zone)}::text as back
         from (select wall, ${instantOf("wall", zone)} as instant from (${WALL_TIMES}) walls) instants`,
      );
      const timeZone = await timeZoneNamed(zone);
      const changed = rows.filter(({ wall, instant }) => {
        const bytes = Buffer.from(wall);
        const read = Number(convertTimestamp(bytes, 0, bytes.length, timeZone));
        return POSTGRES_EPOCH_MS + read / 1000 !== instant.getTime();
      });
      expect({ zone, changed }).toEqual({ zone, changed: [] });
      // Clocks that went forward skip at most an hour: the only wall times that no instant has.
      expect(rows.filter(({ wall, back }) => wall !== back).length).toBeLessThanOrEqual(4);
    }
  });
});

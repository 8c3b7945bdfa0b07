import { expect, test } from "vitest";
import { readSettings } from "../../../src/config/read-settings.ts";
import { viewCatalog } from "../../../src/views/catalog.ts";
import { ScheduleCalendar } from "../../../src/schedule/schedule-calendar.ts";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import { deskPage } from "../../../src/web/desk/desk-page.ts";
import { overlapsPage } from "../../../src/web/desk/overlaps-page.ts";
import { describeEachDatabase } from "../../support/each-database.ts";
import type { Fields } from "../../support/load-records.ts";
import { loadedDatabase } from "../../support/loaded-database.ts";
import { timesheet } from "../../support/sample-records.ts";

/** Its clocks go forward on 5 October 2025, so that this day has 23 hours. */
const ZONE = "Australia/Sydney";

function entry(
  user: string,
  day: string,
  from: string | null,
  to: string | null,
  crm: number | null,
): Fields {
  return timesheet(user, { "TS-Date": day, "TS-Time From": from, "TS-Time To": to, "TS-Crm ID": crm });
}

const ENTRIES = [
  // One ends as the other begins.
  entry("apart", "2025-10-06", "09:00", "10:00", 1),
  entry("apart", "2025-10-06", "10:00", "11:00", 2),
  // Another user, another day.
  entry("other", "2025-10-06", "09:00", "11:00", 1),
  entry("other", "2025-10-07", "09:30", "10:30", 1),
  // Part of it, all of it, and the same start.
  entry("twice", "2025-10-06", "9:00", "10:30:00", 1),
  entry("twice", "2025-10-06", "10:00", "11:00", 2),
  entry("whole", "2025-10-06", "09:00", "17:00", 1),
  entry("whole", "2025-10-06", "12:00", "12:30", 2),
  entry("start", "2025-10-06", "09:00", "10:00", null),
  entry("start", "2025-10-06", "09:00", "09:15", 2),
  // Times that pass midnight, in the night when the clocks change too.
  entry("night", "2025-10-06", "23:00", "02:00", 1),
  entry("night", "2025-10-06", "23:30", "00:30", 2),
  entry("clock", "2025-10-04", "23:00", "02:00", 1),
  entry("clock", "2025-10-05", "01:00", "03:00", 2),
  entry("clock", "2025-10-05", "22:00", "24:00", 3),
  entry("clock", "2025-10-06", "00:00", "01:00", 4),
  // No length, no end, and no times.
  entry("none", "2025-10-06", "09:00", "09:00", 1),
  entry("none", "2025-10-06", "08:00", null, 2),
  entry("none", "2025-10-06", "morning", "noon", 3),
  entry("none", "2025-10-06", "08:30", "25:00", 4),
  entry("none", "2025-10-06", "08:45", "09:30", null),
];

describeEachDatabase("timesheets that overlap", (target) => {
  test("are those of one user at the same time, also after midnight, each pair once", async () => {
    const { database } = await loadedDatabase(target, timesheets, ENTRIES, { OTC_TIMEZONE: ZONE });
    expect(
      await database.sql(
        `select username, time_from, ticket_id, other_time_from, other_ticket_id, overlap_hours::float8 as hours,
           other_day > day as next
         from ${database.table("v_timesheet_overlaps")} order by 1, 2`,
      ),
    ).toEqual(
      [
        ["clock", "23:00", 1, "01:00", 2, 1, true],
        ["night", "23:00", 1, "23:30", 2, 1, false],
        ["start", "09:00", null, "09:00", 2, 0.25, false],
        ["twice", "09:00", 1, "10:00", 2, 0.5, false],
        ["whole", "09:00", 1, "12:00", 2, 0.5, false],
      ].map(([username, time_from, ticket_id, other_time_from, other_ticket_id, hours, next]) => ({
        username,
        time_from,
        ticket_id,
        other_time_from,
        other_ticket_id,
        hours,
        next,
      })),
    );
  });

  test("are on the page of the service desk, with a link to the list", async () => {
    const { loader } = await loadedDatabase(target, timesheets, ENTRIES, { OTC_TIMEZONE: ZONE });
    const request = {
      database: await loader.database(),
      views: await viewCatalog(),
      settings: readSettings({ OTC_TIMEZONE: ZONE }),
      calendar: new ScheduleCalendar([], 1),
      params: {},
      query: new URLSearchParams(),
    };
    const desk = (await (await deskPage.content(request)).body).toString();
    expect(desk).toMatch(/href="\/desk\/overlaps\?weeks=4"\s*>5 pairs of timesheets overlap/);
    expect(desk).toContain("3.25 hours are booked twice");
    const list = (await (await overlapsPage.content(request)).body).toString();
    expect(list.match(/<th scope="row"/g)).toHaveLength(5);
    expect(list).toContain("01:00 to 03:00 of the next day, ticket 2");
    expect(list).toContain("2025-10-04");
    const next = { ...request, query: new URLSearchParams("page=2") };
    expect((await (await overlapsPage.content(next)).body).toString()).toMatch(
      /No times overlap.*First page/s,
    );
  });
});

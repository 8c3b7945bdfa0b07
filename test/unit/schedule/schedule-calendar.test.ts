import { expect, test } from "vitest";
import { ScheduleCalendar } from "../../../src/schedule/schedule-calendar.ts";
import comments from "../../../src/views/definitions/comments.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import timesheets from "../../../src/views/definitions/timesheets.ts";

const calendar = new ScheduleCalendar(
  [
    { view: tickets, cron: "0 2 * * *", timeZone: "Europe/Vienna" },
    { view: comments, cron: "0 0 1 1 *", timeZone: "UTC" },
  ],
  3,
);

const at = (view: string, now: string): readonly (string | undefined)[] => {
  const times = calendar.timesOf(view, new Date(now));
  return [...(times?.past ?? []), times?.next].map((time) => time?.toISOString());
};

test("the last times of a schedule follow the clock, in its time zone, forwards and backwards", () => {
  const morning = ["2026-03-27T01:00:00.000Z", "2026-03-28T01:00:00.000Z", "2026-03-29T01:00:00.000Z"];
  // The clocks go forward at 02:00, so the load comes an hour later by them, at 03:00.
  expect(at("tickets", "2026-03-29T06:00:00Z")).toEqual([...morning, "2026-03-30T00:00:00.000Z"]);
  expect(at("tickets", "2026-03-30T00:00:00Z")).toEqual([
    ...morning.slice(1),
    "2026-03-30T00:00:00.000Z",
    "2026-03-31T00:00:00.000Z",
  ]);
  expect(at("tickets", "2026-03-29T06:00:00Z")).toEqual([...morning, "2026-03-30T00:00:00.000Z"]);
});

test("a rare schedule has fewer times, and a view without one has none", () => {
  expect(at("comments", "2026-03-29T06:00:00Z")).toEqual([
    "2026-01-01T00:00:00.000Z",
    "2027-01-01T00:00:00.000Z",
  ]);
  expect(calendar.timesOf(timesheets.name, new Date())).toBeUndefined();
});

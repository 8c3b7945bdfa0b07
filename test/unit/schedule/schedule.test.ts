import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Environment, readSettings } from "../../../src/config/read-settings.ts";
import { lastTime, nextTime, requireSchedules, type Schedule } from "../../../src/schedule/schedule.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import comments from "../../../src/views/definitions/comments.ts";

const VIENNA = "Europe/Vienna";

function schedule(cron: string, timeZone = VIENNA): Schedule {
  return { view: tickets, cron, timeZone };
}

function read(env: Environment, flags: Environment = {}) {
  return requireSchedules([tickets, comments], readSettings(env, flags), env, flags);
}

/** The times from `from` on, as the clocks on the wall show them. */
function wallTimes(cron: string, from: string, count: number): string[] {
  const times: string[] = [];
  let time = new Date(from);
  for (let index = 0; index < count; index += 1) {
    time = nextTime(schedule(cron), time);
    times.push(`${time.toLocaleString("sv-SE", { timeZone: VIENNA })} ${time.toISOString().slice(11, 16)}Z`);
  }
  return times;
}

describe("a schedule", () => {
  test("follows the clocks of its zone", () => {
    expect(wallTimes("0 2 * * *", "2026-06-01T12:00:00Z", 1)).toEqual(["2026-06-02 02:00:00 00:00Z"]);
  });

  test("is an hour later when the clocks skip its time", () => {
    expect(wallTimes("30 2 * * *", "2026-03-28T12:00:00Z", 2)).toEqual([
      "2026-03-29 03:30:00 01:30Z",
      "2026-03-30 02:30:00 00:30Z",
    ]);
  });

  test("occurs once, at the first of two times, when the clocks go back", () => {
    expect(wallTimes("30 2 * * *", "2026-10-24T12:00:00Z", 2)).toEqual([
      "2026-10-25 02:30:00 00:30Z",
      "2026-10-26 02:30:00 01:30Z",
    ]);
  });

  test("works where the clocks change by half an hour", () => {
    const nightly = schedule("0 2 * * *", "Australia/Lord_Howe");
    const next = (from: string) => nextTime(nightly, new Date(from)).toISOString();
    // At two o'clock, the clocks go back to half past one: the first two o'clock never comes.
    expect(next("2027-04-03T12:00:00Z")).toBe("2027-04-03T15:30:00.000Z");
    expect(next("2027-04-03T15:30:00Z")).toBe("2027-04-04T15:30:00.000Z");
    // At two o'clock, the clocks go forward to half past two.
    for (const from of ["2026-10-03T12:00:00Z", "2026-10-03T15:29:00Z"]) {
      expect(next(from)).toBe("2026-10-03T15:30:00.000Z");
    }
    expect(next("2026-10-03T15:31:00Z")).toBe("2026-10-04T15:00:00.000Z");
    expect(lastTime(nightly, new Date("2026-10-03T15:31:00Z"))).toEqual(new Date("2026-10-03T15:30:00Z"));
  });

  test("has no time between its last and its next", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("0 2 * * *", "*/7 * * * *", "30 2 * * 1-5", "15 4 1 * *", "0 0 1 1 *", "* * * * *"),
        fc.date({ min: new Date("2025-01-01"), max: new Date("2027-12-31"), noInvalidDate: true }),
        fc.constantFrom(VIENNA, "Australia/Lord_Howe", "Asia/Kolkata", "UTC"),
        (cron, now, timeZone) => {
          const planned = schedule(cron, timeZone);
          const last = lastTime(planned, now)!;
          expect(last.getTime()).toBeLessThanOrEqual(now.getTime());
          expect(nextTime(planned, last)).toEqual(nextTime(planned, now));
          expect(nextTime(planned, new Date(last.getTime() - 1))).toEqual(last);
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe("the schedules of the views", () => {
  test("are at two o'clock in the zone of the timestamps", () => {
    expect(read({ OTC_TIMEZONE: VIENNA })).toEqual([
      { view: tickets, cron: "0 2 * * *", timeZone: VIENNA },
      { view: comments, cron: "0 2 * * *", timeZone: VIENNA },
    ]);
  });

  test("can be set for all, for one, and off", () => {
    const env = { OTC_SCHEDULE: "0 3 * * *", OTC_SCHEDULE_TIMEZONE: VIENNA, OTC_SCHEDULE_COMMENTS: "off" };
    expect(read(env)).toEqual([{ view: tickets, cron: "0 3 * * *", timeZone: VIENNA }]);
    expect(read(env, { "view-schedule=comments": "5 * * * *", schedule: "off" })).toEqual([
      { view: comments, cron: "5 * * * *", timeZone: VIENNA },
    ]);
  });

  test.each([
    [{ OTC_SCHEDULE: "0 2 * *" }, 'OTC_SCHEDULE is "0 2 * *": not five fields.'],
    [{ OTC_SCHEDULE: "*/5 0 2 * * *" }, 'OTC_SCHEDULE is "*/5 0 2 * * *": not five fields.'],
    [{ OTC_SCHEDULE_TICKETS: "99 2 * * *" }, /^OTC_SCHEDULE_TICKETS is "99 2 \* \* \*": .*99/],
    [{ OTC_SCHEDULE: "0 2 30 2 *" }, /^OTC_SCHEDULE is "0 2 30 2 \*": /],
    [{ OTC_SCHEDULE_TIMEZONE: "Europe/Wien" }, /^OTC_SCHEDULE_TIMEZONE is "Europe\/Wien": /],
    [{ OTC_TIMEZONE: "Mars/Phobos" }, /^OTC_TIMEZONE is "Mars\/Phobos": /],
    [{ OTC_SCHEDULE: "off" }, "No schedule for tickets, comments: all are off."],
  ])("are refused when they cannot be read: %j", (env, message) => {
    expect(() => read(env)).toThrow(
      expect.objectContaining({
        code: "configuration",
        message: typeof message === "string" ? message : expect.stringMatching(message),
        remedy: expect.any(String),
      }),
    );
  });
});

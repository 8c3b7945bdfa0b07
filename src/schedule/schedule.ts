import { PgBoss } from "pg-boss";
import { Temporal } from "temporal-polyfill";
import { type Environment, readViewSchedule } from "../config/read-settings.ts";
import type { Settings } from "../config/settings.ts";
import { OtcError } from "../errors/otc-error.ts";
import { errorMessage } from "../errors/error-message.ts";
import type { View } from "../views/view.ts";

/** When a view is loaded. */
export interface Schedule {
  readonly view: View;
  /** A cron expression of five fields. */
  readonly cron: string;
  /** IANA name. */
  readonly timeZone: string;
}

const OFF = "off";

/** pg-boss also accepts four or six fields, with other meanings than cron. */
const FIVE_FIELDS = /^\S+(\s+\S+){4}$/;

const DAY_MS = 86_400_000;

/** How far back to look for a scheduled time, in ms: enough for a schedule of once a year. */
const LOOK_BACK_MS = 400 * DAY_MS;

/** Scheduled times are whole minutes. */
const MINUTE_MS = 60_000;

/** Only computes times, for which it needs no database. */
const calendar = new PgBoss({ db: { executeSql: () => Promise.reject(new Error("no database")) } });

/**
 * The schedules of the views that have one, for a worker, which needs at least one.
 *
 * @throws OtcError `configuration` when one cannot be read, or all are off
 */
export function requireSchedules(
  views: readonly View[],
  settings: Settings,
  env: Environment,
  flags: Environment,
): readonly Schedule[] {
  const schedules = readSchedules(views, settings, env, flags);
  if (schedules.length > 0) return schedules;
  throw new OtcError(
    "configuration",
    `No schedule for ${views.map((view) => view.name).join(", ")}: all are off.`,
    { remedy: "Set OTC_SCHEDULE, or OTC_SCHEDULE_<VIEW>, to a cron expression such as 0 2 * * *." },
  );
}

/**
 * The schedules of the views that have one.
 *
 * @throws OtcError `configuration` when one cannot be read
 */
export function readSchedules(
  views: readonly View[],
  settings: Settings,
  env: Environment,
  flags: Environment,
): readonly Schedule[] {
  const timeZone = settings.scheduleTimezone ?? settings.timezone;
  checkTimeZone(timeZone, settings.scheduleTimezone === undefined ? "OTC_TIMEZONE" : "OTC_SCHEDULE_TIMEZONE");
  return views.flatMap((view): readonly Schedule[] => {
    const { text, setting } = readViewSchedule(env, flags, settings, view.name);
    if (text === OFF) return [];
    checkCron(text, setting);
    return [{ view, cron: text, timeZone }];
  });
}

/**
 * The first scheduled time after `time`. The cron expression is evaluated on the clock of the wall, as if it never
 * changed: the library assumes that clocks change by whole hours. A time that the clocks skip comes as much later as they
 * skip, and one that occurs twice counts the first time.
 */
export function nextTime({ cron, timeZone }: Schedule, time: Date): Date {
  let wall = new Date(wallOf(time, timeZone) - skippedBefore(time, timeZone));
  let first: Date | undefined;
  for (;;) {
    const [next] = calendar.previewSchedule(cron, { tz: "UTC", from: wall, count: 1 });
    if (next === undefined) throw new OtcError("internal", `The schedule ${cron} has no next time.`);
    // A time that is not skipped itself can come before one that is.
    if (first !== undefined && next.getTime() >= wallOf(first, timeZone)) return first;
    const instant = instantOf(next, timeZone);
    if (instant > time && (first === undefined || instant < first)) first = instant;
    wall = next;
  }
}

/** What the clocks show, as milliseconds of a clock in UTC. */
function wallOf(time: Date, timeZone: string): number {
  return time.getTime() + offsetMs(time, timeZone);
}

/** How far the clocks went forward in the last day, in milliseconds: times that they skipped may still be to come. */
function skippedBefore(time: Date, timeZone: string): number {
  const dayBefore = new Date(time.getTime() - DAY_MS);
  return Math.max(0, offsetMs(time, timeZone) - offsetMs(dayBefore, timeZone));
}

function offsetMs(time: Date, timeZone: string): number {
  const zoned = Temporal.Instant.fromEpochMilliseconds(time.getTime()).toZonedDateTimeISO(timeZone);
  return zoned.offsetNanoseconds / 1e6;
}

/** The instant at which the clocks show what a clock in UTC shows at `wall`. */
function instantOf(wall: Date, timeZone: string): Date {
  const plain = Temporal.Instant.fromEpochMilliseconds(wall.getTime())
    .toZonedDateTimeISO("UTC")
    .toPlainDateTime();
  return new Date(plain.toZonedDateTime(timeZone).epochMilliseconds);
}

/** The last scheduled time up to `time`, by bisection; undefined when there was none in the last 400 days. */
export function lastTime(schedule: Schedule, time: Date): Date | undefined {
  const isBetween = (from: number): boolean => nextTime(schedule, new Date(from)) <= time;
  let [before, after] = [time.getTime() - LOOK_BACK_MS, time.getTime()];
  if (!isBetween(before)) return undefined;
  while (after - before > MINUTE_MS) {
    const middle = Math.floor((before + after) / 2);
    if (isBetween(middle)) before = middle;
    else after = middle;
  }
  return nextTime(schedule, new Date(before));
}

function checkTimeZone(timeZone: string, setting: string): void {
  try {
    calendar.previewSchedule("0 0 * * *", { tz: timeZone, count: 1 });
  } catch (error) {
    throw new OtcError(
      "configuration",
      `${setting} is ${JSON.stringify(timeZone)}: ${errorMessage(error)}.`,
      {
        remedy: "Give an IANA name such as Europe/Vienna or UTC.",
        cause: error,
      },
    );
  }
}

function checkCron(cron: string, setting: string): void {
  try {
    if (!FIVE_FIELDS.test(cron)) throw new Error("not five fields");
    calendar.previewSchedule(cron, { count: 1 });
  } catch (error) {
    throw new OtcError("configuration", `${setting} is ${JSON.stringify(cron)}: ${errorMessage(error)}.`, {
      remedy: `Give minute, hour, day of the month, month and day of the week, such as 0 2 * * *, or ${OFF}.`,
      cause: error,
    });
  }
}

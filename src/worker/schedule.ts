import { PgBoss } from "pg-boss";
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

/** How far back to look for a scheduled time, in ms: enough for a schedule of once a year. */
const LOOK_BACK_MS = 400 * 86_400_000;

/** Scheduled times are whole minutes. */
const MINUTE_MS = 60_000;

/** Only computes times, for which it needs no database. */
const calendar = new PgBoss({ db: { executeSql: () => Promise.reject(new Error("no database")) } });

/**
 * The schedules of the views that have one.
 *
 * @throws OtcError `configuration` when one cannot be read, or all are off
 */
export function readSchedules(
  views: readonly View[],
  settings: Settings,
  env: Environment,
  flags: Environment,
): readonly Schedule[] {
  const timeZone = settings.scheduleTimezone ?? settings.timezone;
  checkTimeZone(timeZone, settings.scheduleTimezone === undefined ? "OTC_TIMEZONE" : "OTC_SCHEDULE_TIMEZONE");
  const schedules = views.flatMap((view): readonly Schedule[] => {
    const { text, setting } = readViewSchedule(env, flags, settings, view.name);
    if (text === OFF) return [];
    checkCron(text, setting);
    return [{ view, cron: text, timeZone }];
  });
  if (schedules.length > 0) return schedules;
  throw new OtcError(
    "configuration",
    `No schedule for ${views.map((view) => view.name).join(", ")}: all are off.`,
    { remedy: "Set OTC_SCHEDULE, or OTC_SCHEDULE_<VIEW>, to a cron expression such as 0 2 * * *." },
  );
}

/** The first scheduled time after `time`. */
export function nextTime({ cron, timeZone }: Schedule, time: Date): Date {
  const [next] = calendar.previewSchedule(cron, { tz: timeZone, from: time, count: 1 });
  if (next === undefined) throw new OtcError("internal", `The schedule ${cron} has no next time.`);
  return next;
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

import { nextTime, type Schedule } from "./schedule.ts";

/** Scheduled times up to some time, oldest first, and the first one after it. */
export interface ScheduledTimes {
  readonly past: readonly Date[];
  readonly next: Date;
}

/** The first period in which times are looked for, in milliseconds. It is doubled as long as it has too few times. */
const FIRST_PERIOD_MS = 6 * 3_600_000;

/** Enough for a schedule of once a year; in milliseconds. */
const LONGEST_PERIOD_MS = 400 * 86_400_000;

/** The last times and the next one of each view's schedule. They are computed again only when a time has passed. */
export class ScheduleCalendar {
  readonly #schedules: readonly Schedule[];
  readonly #count: number;
  readonly #known = new Map<string, ScheduledTimes>();

  /** @param count how many past times to give */
  constructor(schedules: readonly Schedule[], count: number) {
    this.#schedules = schedules;
    this.#count = count;
  }

  /** The times by the clock `now`, fewer if the schedule is rare; undefined for a view without a schedule. */
  timesOf(view: string, now: Date): ScheduledTimes | undefined {
    const schedule = this.#schedules.find((one) => one.view.name === view);
    if (schedule === undefined) return undefined;
    const key = `${schedule.cron} ${schedule.timeZone}`;
    const known = this.#known.get(key);
    if (known !== undefined && isBetween(known, now)) return known;
    const times = this.#timesUpTo(schedule, now);
    this.#known.set(key, times);
    return times;
  }

  /** Each time takes a millisecond to compute, so none is computed twice, and few more than are needed. */
  #timesUpTo(schedule: Schedule, now: Date): ScheduledTimes {
    const next = nextTime(schedule, now);
    let past: readonly Date[] = [];
    for (let periodMs = FIRST_PERIOD_MS; past.length < this.#count; periodMs *= 2) {
      const from = new Date(now.getTime() - Math.min(periodMs, LONGEST_PERIOD_MS));
      past = [...timesBetween(schedule, from, past[0] ?? next), ...past];
      if (periodMs >= LONGEST_PERIOD_MS) break;
    }
    return { past: past.slice(-this.#count), next };
  }
}

function isBetween({ past, next }: ScheduledTimes, now: Date): boolean {
  const last = past.at(-1);
  return now < next && (last === undefined || last <= now);
}

/** The scheduled times after `from` and before `to`. */
function timesBetween(schedule: Schedule, from: Date, to: Date): readonly Date[] {
  const times: Date[] = [];
  for (let time = nextTime(schedule, from); time < to; time = nextTime(schedule, time)) times.push(time);
  return times;
}

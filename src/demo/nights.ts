import type { Troubles } from "../simulator/server.ts";

/** A night of the demo: when its load starts, and what the simulator serves. */
export interface Night {
  readonly startsAt: Date;
  /** The simulator's day that is served: the one that has just ended. */
  readonly day: number;
  readonly flaws: number;
  readonly troubles: Troubles;
}

const DAY_MS = 86_400_000;

/** Loads start at 02:00 UTC. */
const START_MS = 2 * 3_600_000;

/** The simulator's day 0. */
const FIRST_DAY_MS = Date.UTC(2026, 0, 5);

/** As many as the charts of the status page show. */
const NIGHTS = 90;

/**
 * The nights up to `now` that are still to be loaded, the oldest first.
 *
 * @param lastStart when the last recorded load started; undefined when there is none
 */
export function nightsToLoad(lastStart: Date | undefined, now: Date): readonly Night[] {
  const newest = nightNumber(now);
  const oldest = Math.max(newest - NIGHTS + 1, lastStart === undefined ? 0 : nightNumber(lastStart) + 1);
  const nights: Night[] = [];
  for (let number = oldest; number <= newest; number += 1) {
    // The last night is without faults, because the status page shows it first.
    const ordinary = number === newest;
    if (isMissed(number) && !ordinary) continue;
    nights.push({
      startsAt: new Date(FIRST_DAY_MS + number * DAY_MS + START_MS),
      day: Math.max(0, number - 1),
      flaws: ordinary ? 0 : flawsOf(number),
      troubles: ordinary ? {} : troublesOf(number),
    });
  }
  return nights;
}

/** The day since which new tickets have an unknown field: one of the last ninety, and the same for sixty days. */
export function newFieldSince(now: Date): number {
  return Math.floor(nightNumber(now) / 60) * 60 - 15;
}

/** The number of the last night that has begun, counted from the simulator's day 0. */
function nightNumber(time: Date): number {
  return Math.floor((time.getTime() - FIRST_DAY_MS - START_MS) / DAY_MS);
}

function isMissed(number: number): boolean {
  return number % 31 === 12;
}

/** No flaws in most nights, a few in every fourth. */
function flawsOf(number: number): number {
  return number % 4 === 1 ? 1 + (number % 5) : 0;
}

function troublesOf(number: number): Troubles {
  return {
    ...(number % 37 === 9 ? { tickets: "unavailable", comments: "unavailable" } : {}),
    ...(number % 29 === 20 ? { timesheets: "cut-short" } : {}),
  };
}

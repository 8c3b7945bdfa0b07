import { describe, expect, test } from "vitest";
import { newFieldSince, nightsToLoad } from "../../../src/demo/nights.ts";

const NOW = new Date("2026-11-23T18:00:00Z");

describe("the nights of the demo", () => {
  const nights = nightsToLoad(undefined, NOW);

  test("are the last ninety, except those without a load", () => {
    expect(nights[0]?.startsAt).toEqual(new Date("2026-08-26T02:00:00Z"));
    expect(nights.at(-1)?.startsAt).toEqual(new Date("2026-11-23T02:00:00Z"));
    expect(nights.length).toBeLessThan(90);
    expect(nights.length).toBeGreaterThan(85);
  });

  test("load the desk's state at the end of the day before", () => {
    expect(nightsToLoad(undefined, new Date("2026-01-07T02:00:00Z")).map(({ day }) => day)).toEqual([
      0, 0, 1,
    ]);
    expect(nights.map(({ day }) => day)).toEqual(nights.map(({ day }) => day).toSorted((a, b) => a - b));
  });

  test("sometimes fail, each in more than one way, but the last one does not", () => {
    const troubles = new Set(nights.flatMap((night) => Object.values(night.troubles)));
    expect(troubles).toEqual(new Set(["unavailable", "cut-short"]));
    expect(nights.some(({ flaws }) => flaws > 0)).toBe(true);
    for (let day = 0; day < 400; day += 1) {
      const now = new Date(NOW.getTime() + day * 86_400_000);
      const last = nightsToLoad(undefined, now).at(-1);
      expect(last).toMatchObject({ flaws: 0, troubles: {} });
      expect(last?.startsAt.toISOString().slice(0, 10)).toBe(now.toISOString().slice(0, 10));
    }
  });

  test("are only those since the last load, when there was one", () => {
    expect(nightsToLoad(new Date("2026-11-20T02:00:03Z"), NOW).map(({ day }) => day)).toEqual([
      319, 320, 321,
    ]);
    expect(nightsToLoad(new Date("2026-11-23T02:00:03Z"), NOW)).toEqual([]);
    expect(nightsToLoad(new Date("2026-11-22T02:00:03Z"), new Date("2026-11-23T01:59:59Z"))).toEqual([]);
  });

  test("have a new field appear, whatever the day", () => {
    for (let day = 0; day < 120; day += 1) {
      const now = new Date(NOW.getTime() + day * 86_400_000);
      const days = nightsToLoad(undefined, now).map((night) => night.day);
      expect(newFieldSince(now)).toBeGreaterThan(days[0] ?? Infinity);
      expect(newFieldSince(now)).toBeLessThan(days.at(-1) ?? 0);
    }
  });
});

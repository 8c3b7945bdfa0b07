import { expect, test } from "vitest";
import type { RecordedRun } from "../../../src/runs/recorded-run.ts";
import { nightsOf } from "../../../src/schedule/nights.ts";

const DAY_MS = 86_400_000;
const FIRST = Date.parse("2026-03-01T02:00:00Z");

const nightAt = (night: number, minutes = 0): Date => new Date(FIRST + night * DAY_MS + minutes * 60_000);

function load(runId: number, startedAt: Date | null, status: RecordedRun["status"], errorCode?: string) {
  const commits = status === "success" || status === "partial" ? 1 : 0;
  return { runId, startedAt, status, commits, errorCode: errorCode ?? null } as RecordedRun;
}

const TIMES = Array.from({ length: 9 }, (_, night) => nightAt(night));

const LOADS = [
  load(1, nightAt(1), "success"),
  load(2, nightAt(2, 1), "partial"),
  load(3, nightAt(3), "failed", "source"),
  load(4, nightAt(3, 600), "success"),
  load(5, nightAt(4), "abandoned", "internal"),
  load(6, nightAt(5), "failed", "locked"),
  // A clock that is slow by half a minute.
  load(7, nightAt(7, -0.5), "success"),
  load(8, null, "success"),
  load(9, nightAt(8), "running"),
];

test("a night tells of the load that was committed, or else of the last one, and is missed without any", () => {
  const nights = nightsOf(TIMES, LOADS, nightAt(8, 5));
  expect(nights.map(({ outcome, run }) => [outcome, run?.runId])).toEqual([
    ["unknown", undefined],
    ["committed", 1],
    ["partial", 2],
    ["committed", 4],
    ["failed", 5],
    // A run that was skipped has loaded nothing.
    ["missed", undefined],
    ["missed", undefined],
    ["committed", 7],
    ["running", 9],
  ]);
});

test("a load that has not started yet is due for an hour, and then missed", () => {
  const last = (minutes: number) => nightsOf(TIMES, [LOADS[0]!], nightAt(8, minutes)).at(-1)?.outcome;
  expect(last(59)).toBe("due");
  expect(last(61)).toBe("missed");
});

test("nothing is missed as long as no load is on record", () => {
  expect(new Set(nightsOf(TIMES, [], nightAt(8, 90)).map(({ outcome }) => outcome))).toEqual(
    new Set(["unknown"]),
  );
});

import { describe, expect, test } from "vitest";
import type { RecordedRun } from "../../../src/runs/recorded-run.ts";
import { unusualRows } from "../../../src/runs/health/unusual-rows.ts";

const run = (missing: number, fetched = 1000): RecordedRun =>
  ({ fetched, missing, rekeyed: 0, late: null }) as Partial<RecordedRun> as RecordedRun;

describe("missing rows are unusual", () => {
  test.each([
    { name: "when none were before", last: run(1), before: [0, 0], is: true },
    { name: "not when there are none", last: run(0), before: [], is: false },
    { name: "when they are more than twice the median", last: run(61), before: [30, 30, 900], is: true },
    { name: "not when they are twice the median", last: run(60), before: [30, 30, 0], is: false },
    { name: "not when they are one in ten thousand", last: run(85, 850_727), before: [0], is: false },
    { name: "when they are more than one in ten thousand", last: run(86, 850_727), before: [0], is: true },
    { name: "when there is no load before", last: run(1), before: [], is: true },
  ])("$name", ({ last, before, is }) => {
    const found = unusualRows(
      last,
      before.map((missing) => run(missing)),
    );
    expect(found.map(({ count, rows }) => ({ count, rows }))).toEqual(
      is ? [{ count: "missing", rows: last.missing }] : [],
    );
  });
});

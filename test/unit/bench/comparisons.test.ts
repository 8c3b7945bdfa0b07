import { expect, test } from "vitest";
import { comparePostgres } from "../../../bench/report/comparisons.ts";
import { cpuPlaces } from "../../../bench/report/cpu-places.ts";
import { median, stepMedians } from "../../../bench/report/statistics.ts";

test("the median of an even number of values is the mean of the two in the middle", () => {
  expect(median([])).toBeUndefined();
  expect(median([3, 1, 2])).toBe(2);
  expect(median([10, 1, 2, 4])).toBe(3);
});

test("times are compared by their medians, memory and collections of garbage by their maximum", () => {
  const comparisons = comparePostgres(
    "timesheets",
    {
      copy: [{ seconds: 10 }, { seconds: 30 }, { seconds: 11 }],
      first: [
        { seconds: 5, peakMemoryBytes: 100e6, majorCollections: 1 },
        { seconds: 5.5, peakMemoryBytes: 300e6, majorCollections: 12 },
        { seconds: 9, peakMemoryBytes: 100e6, majorCollections: 1 },
      ],
    },
    undefined,
  );
  expect(comparisons).toEqual([
    { what: "first load ÷ COPY", unit: "ratio", value: 0.5, limit: 0.7, met: true },
    { what: "peak memory of the loader", unit: "bytes", value: 300e6, limit: 256e6, met: false },
    { what: "times that V8 marks the heap in a first load", unit: "count", value: 12, limit: 5, met: false },
  ]);
});

test("a larger document may take a tenth longer than its size implies", () => {
  const growth = (seconds: number) =>
    comparePostgres("timesheets", { first: [{ seconds: 2 }], firstLarger: [{ seconds }] }, 10)[0];
  expect(growth(21)).toMatchObject({ what: "first load at 10× ÷ at 1×", limit: 11, met: true });
  expect(growth(23)).toMatchObject({ met: false });
});

test("the part of a load's time outside of its steps is reported too", () => {
  const steps = stepMedians({ first: [{ seconds: 5, steps: { stage: 3, apply: 1 } }] }, "first");
  expect(Object.fromEntries(steps)).toEqual({ stage: 3, apply: 1, other: 1 });
});

test("a sample of Node's own code counts for the project's function that called it", () => {
  const frame = (url: string, functionName: string) => ({ url, functionName });
  const places = cpuPlaces({
    nodes: [
      { id: 1, callFrame: frame("", "(root)"), children: [2, 4, 5] },
      { id: 2, callFrame: frame("file:///x/src/load/stage-document.ts", "parseRecord"), children: [3] },
      { id: 3, callFrame: frame("node:buffer", "toString") },
      { id: 4, callFrame: frame("", "(idle)") },
      { id: 5, callFrame: frame("file:///x/node_modules/pg/lib/client.js", "query") },
    ],
    samples: [3, 2, 4, 5],
    timeDeltas: [1_000_000, 2_000_000, 500_000, 250_000],
  });
  expect(places).toEqual([
    { place: "load/stage-document parseRecord", seconds: 3 },
    { place: "(idle)", seconds: 0.5 },
    { place: "pg", seconds: 0.25 },
  ]);
});

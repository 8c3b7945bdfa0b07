import { describe, expect, it } from "vitest";
import { SIMULATED_VIEWS, type SimulatedView } from "../../../src/simulator/document.ts";
import { keyOf, parsedDocument } from "./parsed-document.ts";

const scale = { tickets: 5475, comments: 2000, timesheets: 8220 };

function keysOn(view: SimulatedView, day: number, corrections: boolean): ReadonlySet<string> {
  const keys = parsedDocument({ view, seed: 3, scale, day, corrections }).map((record) =>
    keyOf(view, record),
  );
  expect(new Set(keys).size).toBe(keys.length);
  return new Set(keys);
}

describe.each(SIMULATED_VIEWS)("%s with corrections", (view) => {
  it("are those without, but for some that are deleted, and timesheets that have another key", () => {
    const plain = keysOn(view, 40, false);
    const corrected = keysOn(view, 40, true);
    const lost = [...plain].filter((key) => !corrected.has(key));
    const other = [...corrected].filter((key) => !plain.has(key));
    expect(lost.length).toBeGreaterThan(0);
    expect(lost.length).toBeLessThan(plain.size * 0.05);
    if (view === "timesheets") expect(other.length).toBeGreaterThan(lost.length / 3);
    else expect(other).toEqual([]);
  });
});

describe("a timesheet", () => {
  const documents = Array.from({ length: 12 }, (_, day) => keysOn("timesheets", day, true));

  it("loses, corrects or gets back some of its kind every few days", () => {
    const plain = keysOn("timesheets", 0, false);
    const plainLater = keysOn("timesheets", 11, false);
    const served = [...plain].filter((key) => plainLater.has(key));
    const gone = served.filter((key) => documents[0]?.has(key) === true && documents[11]?.has(key) === false);
    const isBack = (key: string): boolean =>
      documents[0]?.has(key) === true &&
      documents[11]?.has(key) === true &&
      documents.some((keys) => !keys.has(key));
    expect(gone.length).toBeGreaterThan(5);
    expect(served.filter(isBack).length).toBeGreaterThan(0);
  });
});

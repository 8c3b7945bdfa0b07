import { describe, expect, it } from "vitest";
import { SIMULATED_VIEWS, type SimulatedView } from "../../../src/simulator/document.ts";
import { keyOf, parsedDocument, type SimulatedRecord } from "./parsed-document.ts";

const scale = { tickets: 10_950, comments: 2000, timesheets: 16_440 };
const DAYS = [0, 1, 2, 3];

function byKey(view: SimulatedView, day: number): Map<string, SimulatedRecord> {
  return new Map(
    parsedDocument({ view, seed: 3, scale, day }).map((record) => [keyOf(view, record), record]),
  );
}

/** The records two days share, as pairs of before and after. */
function sharedPairs(before: Map<string, SimulatedRecord>, after: Map<string, SimulatedRecord>) {
  return [...before].flatMap(([key, was]) => {
    const is = after.get(key);
    return is === undefined ? [] : [{ was, is }];
  });
}

function changed({ was, is }: { was: SimulatedRecord; is: SimulatedRecord }): boolean {
  return JSON.stringify(was) !== JSON.stringify(is);
}

describe.each(SIMULATED_VIEWS)("%s from one day to the next", (view) => {
  const documents = DAYS.map((day) => byKey(view, day));
  const steps = documents.slice(1).map((after, index) => ({ before: documents[index] ?? new Map(), after }));
  const perDay = scale[view] / { tickets: 1095, comments: 10, timesheets: 548 }[view];

  it("keep their number and the uniqueness of their keys", () => {
    for (const document of documents) expect(document.size).toBe(scale[view]);
    const all = new Set(documents.flatMap((document) => [...document.keys()]));
    expect(all.size).toBe(scale[view] + (DAYS.length - 1) * perDay);
  });

  it("lose the oldest and gain as many new ones", () => {
    for (const { before, after } of steps)
      expect(sharedPairs(before, after)).toHaveLength(scale[view] - perDay);
  });

  it("change in the share that is typical of the view", () => {
    const share = { tickets: [0.008, 0.012], comments: [0, 0], timesheets: [0.004, 0.006] }[view];
    const pairs = steps.flatMap(({ before, after }) => sharedPairs(before, after));
    const actual = pairs.filter(changed).length / pairs.length;
    expect(actual).toBeGreaterThanOrEqual(share[0] ?? 0);
    expect(actual).toBeLessThanOrEqual(share[1] ?? 0);
  });
});

describe("a ticket", () => {
  const pairs = sharedPairs(byKey("tickets", 0), byKey("tickets", 30));

  it("never changes its title, description, creator or created time", () => {
    const fixed = ["TKT-Title", "TKT-Description", "TKT-Created Time", "TKT-Created By User"];
    const touched = pairs.filter(({ was, is }) => fixed.some((field) => is[field] !== was[field]));
    expect(touched).toEqual([]);
  });

  it("has another modified time when anything else has changed, later but not after the day", () => {
    const changes = pairs.filter(changed);
    expect(changes.length).toBeGreaterThan(100);
    for (const { was, is } of changes) {
      const modified = Date.parse(String(is["TKT-Modified Time"]));
      expect(modified).toBeGreaterThan(Date.parse(String(was["TKT-Modified Time"])));
      expect(modified).toBeLessThan(Date.UTC(2026, 0, 5 + 31));
    }
  });

  it("changes more often while it is young", () => {
    const half = pairs.length / 2;
    const young = pairs.slice(half).filter(changed).length;
    expect(young).toBeGreaterThan(2 * pairs.slice(0, half).filter(changed).length);
  });
});

describe("a timesheet", () => {
  const changes = sharedPairs(byKey("timesheets", 0), byKey("timesheets", 1)).filter(changed);

  it("never loses its approval", () => {
    expect(
      changes.filter(({ was, is }) => was["TS-Approved"] === true && is["TS-Approved"] === false),
    ).toEqual([]);
    expect(changes.some(({ was, is }) => was["TS-Approved"] === false && is["TS-Approved"] === true)).toBe(
      true,
    );
  });

  it("changes nothing but its approval, its hours and the time they end", () => {
    const touched = changes.flatMap(({ was, is }) =>
      Object.keys(is).filter((field) => was[field] !== is[field]),
    );
    expect([...new Set(touched)].sort()).toEqual([
      "TS-Approved",
      "TS-Hours",
      "TS-Modified Time",
      "TS-Time To",
    ]);
  });
});

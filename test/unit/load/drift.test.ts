import { describe, expect, it } from "vitest";
import type { FieldProfile } from "../../../src/load/drift/field-profile.ts";
import { driftWarnings } from "../../../src/load/drift/drift.ts";

/** A field of 100 records. */
function profile(field: string, values: readonly string[] | null, empty = 0): FieldProfile {
  const records = 100;
  const each = values === null ? 0 : (records - empty) / values.length;
  return {
    field,
    records,
    empty,
    values: values === null ? null : Object.fromEntries(values.map((value) => [value, each])),
  };
}

function kindsOf(last: readonly FieldProfile[], now: readonly FieldProfile[]): readonly string[] {
  const stored = last.map((one) => ({
    ...one,
    values: one.values === null ? null : Object.keys(one.values),
  }));
  const fields = { records: 100, unknownFields: [], absentFields: [] };
  return driftWarnings({ ...fields, profiles: stored }, { ...fields, profiles: now }).map(
    ({ kind, fields: names }) => `${kind} ${names.join(" ")}`,
  );
}

const [teams, kinds] = [
  ["North", "South", "East"],
  ["Bug", "Wish"],
];

describe("a drift warning", () => {
  it("is given when a filled field becomes mostly empty, but not when it was or becomes half empty", () => {
    expect(kindsOf([profile("Due", null, 49)], [profile("Due", null, 91)])).toEqual(["mostly_empty Due"]);
    expect(kindsOf([profile("Due", null, 50)], [profile("Due", null, 91)])).toEqual([]);
    expect(kindsOf([profile("Due", null, 49)], [profile("Due", null, 90)])).toEqual([]);
    expect(kindsOf([], [profile("Due", null, 100)])).toEqual([]);
    const few = { field: "Due", records: 19, empty: 19, values: null };
    expect(kindsOf([{ ...few, empty: 0 }], [few])).toEqual([]);
  });

  it("is given when two fields have each other's values, and not when half of them are new", () => {
    const before = [profile("Team", teams), profile("Kind", kinds), profile("Other", ["A", "B"])];
    const swapped = [profile("Team", kinds), profile("Kind", teams), profile("Other", ["A", "B"])];
    expect(kindsOf(before, swapped)).toEqual(["swapped_fields Team Kind"]);
    const grown = [profile("Team", kinds), profile("Kind", [...teams, "West", "Centre", "Abroad"])];
    expect(kindsOf(before, grown)).toEqual([]);
    expect(kindsOf(before, before)).toEqual([]);
  });

  it("is not given for fields that cannot be distinguished, or about which too little is known", () => {
    const flags = [profile("Met", ["Yes", "No"]), profile("Kept", ["No", "Yes"])];
    expect(kindsOf(flags, flags)).toEqual([]);
    expect(
      kindsOf([profile("A", ["x"]), profile("B", ["y"])], [profile("A", ["y"]), profile("B", ["x"])]),
    ).toEqual([]);
    expect(
      kindsOf(
        [profile("Team", teams), profile("Kind", kinds)],
        [profile("Team", kinds, 81), profile("Kind", teams, 81)],
      ),
    ).toEqual([]);
    expect(
      kindsOf(
        [profile("Team", null), profile("Kind", kinds)],
        [profile("Team", kinds), profile("Kind", null)],
      ),
    ).toEqual([]);
  });
});

import type { DriftWarning } from "../../runs/drift-warning.ts";
import type { FieldProfile, StoredProfile } from "./field-profile.ts";

/** What a load saw of its document's fields. */
interface FieldsSeen<Profile> {
  /** Records whose fields it could tell; of the last load, all that it fetched. */
  readonly records: number;
  readonly unknownFields: readonly string[];
  readonly absentFields: readonly string[];
  readonly profiles: readonly Profile[];
}

/** A field that was empty in fewer than the first part of the records, and is now in more than the second. */
const WAS_FILLED = 0.5;
const NOW_EMPTY = 0.9;

/** Fewer records, or values, say nothing about the others. */
const MIN_RECORDS = 20;

/** Two fields are swapped when this part of each one's records has values that the other one had, … */
const TAKEN_OVER = 0.8;

/** … and no more than this part has values that it had itself. */
const KEPT = 0.2;

/** A field with one value alone cannot be told from another. */
const MIN_VALUES = 2;

/** What is different from the last committed load, which may be long ago. */
export function driftWarnings(
  last: FieldsSeen<StoredProfile>,
  now: FieldsSeen<FieldProfile>,
): readonly DriftWarning[] {
  const known = new Set(last.unknownFields);
  const enough = Math.min(last.records, now.records) >= MIN_RECORDS;
  const vanished = enough ? now.absentFields.filter((field) => !last.absentFields.includes(field)) : [];
  return [
    ...now.unknownFields
      .filter((field) => !known.has(field))
      .map((field): DriftWarning => {
        const message = `${field} is a new field; the view does not define it. Rows keep it in extra.`;
        return { kind: "new_field", fields: [field], message };
      }),
    ...vanished.map((field): DriftWarning => {
      const message = `${field} has vanished: no record has it, and at the last load some had.`;
      return { kind: "vanished_field", fields: [field], message };
    }),
    ...emptied(
      last.profiles,
      now.profiles.filter(({ field }) => !vanished.includes(field)),
    ),
    ...swapped(last.profiles, now.profiles),
  ];
}

function* emptied(last: readonly StoredProfile[], now: readonly FieldProfile[]): Generator<DriftWarning> {
  for (const profile of now) {
    const before = last.find(({ field }) => field === profile.field);
    if (before === undefined || Math.min(before.records, profile.records) < MIN_RECORDS) continue;
    const [was, is] = [before.empty / before.records, profile.empty / profile.records];
    if (was >= WAS_FILLED || is <= NOW_EMPTY) continue;
    const message = `${profile.field} is empty in ${percent(is)} of the records; at the last load it was in ${percent(was)}.`;
    yield { kind: "mostly_empty", fields: [profile.field], message };
  }
}

/** Two fields whose values have changed places. Those that share their values cannot be told apart. */
function* swapped(last: readonly StoredProfile[], now: readonly FieldProfile[]): Generator<DriftWarning> {
  const comparable = now.flatMap((profile) => {
    const before = last.find(({ field }) => field === profile.field)?.values;
    if (before === undefined || before === null || before.length < MIN_VALUES) return [];
    return isTelling(profile)
      ? [{ field: profile.field, values: profile.values, before: new Set(before) }]
      : [];
  });
  for (const [index, one] of comparable.entries()) {
    for (const other of comparable.slice(index + 1)) {
      const takenOver = Math.min(share(one.values, other.before), share(other.values, one.before));
      const kept = Math.max(share(one.values, one.before), share(other.values, other.before));
      if (takenOver < TAKEN_OVER || kept > KEPT) continue;
      const message = `${one.field} and ${other.field} look swapped: each has the values that the other had at the last load.`;
      yield { kind: "swapped_fields", fields: [one.field, other.field], message };
    }
  }
}

type TellingProfile = FieldProfile & { readonly values: NonNullable<FieldProfile["values"]> };

function isTelling(profile: FieldProfile): profile is TellingProfile {
  return (
    profile.values !== null &&
    Object.keys(profile.values).length >= MIN_VALUES &&
    sum(Object.values(profile.values)) >= MIN_RECORDS
  );
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

/** The part of the records, from 0 to 1, whose value is one of `known`. */
function share(values: Readonly<Record<string, number>>, known: ReadonlySet<string>): number {
  const found = Object.entries(values).filter(([value]) => known.has(value));
  return sum(found.map(([, records]) => records)) / sum(Object.values(values));
}

function percent(part: number): string {
  return `${Math.round(part * 100)} %`;
}

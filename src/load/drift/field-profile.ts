import type { Queryable, Transaction } from "../../database/database.ts";
import { qualifiedName, quoteIdentifier, quoteLiteral } from "../../database/identifier.ts";
import type { RejectedFields } from "../../views/record-converter.ts";
import type { Column, View } from "../../views/view.ts";
import type { StagedDocument } from "../stage/stage-document.ts";

/** What a sample of a document's records has in a field of the view. */
export interface FieldProfile {
  /** The API's name. */
  readonly field: string;
  /** Records in the sample. */
  readonly records: number;
  /** Those without a value, or with an empty text. */
  readonly empty: number;
  /** How many records have each value, cut short; null when it is no text, or has too many values. */
  readonly values: Readonly<Record<string, number>> | null;
}

/** What is kept of a profile for the next load to compare with. */
export interface StoredProfile extends Omit<FieldProfile, "values"> {
  readonly values: readonly string[] | null;
}

/** So many records tell shares well enough, and take some hundredths of a second. */
const SAMPLE_RECORDS = 2000;

/** A field with more values in the sample is free text, or a name: no set of values tells what it is. */
const MAX_VALUES = 500;

/** Longer values are cut, in characters. */
const MAX_VALUE_LENGTH = 100;

/**
 * Profiles a document: a sample of its rows and, in the same proportion, the records that were rejected before they
 * could become rows. A field that only those have is not empty.
 *
 * @param table where the rows lie, quoted and with its schema
 */
export async function profileDocument(
  transaction: Transaction,
  view: View,
  table: string,
  { staged, rejectedFields }: Pick<StagedDocument, "staged" | "rejectedFields">,
): Promise<readonly FieldProfile[]> {
  if (staged > 0) {
    const profiles = await profileRows(transaction, view, table, staged);
    return profiles.map((profile) => withRejected(profile, profile.records / staged, rejectedFields));
  }
  if (rejectedFields.records === 0) return [];
  return view.columns.map(({ field }) =>
    withRejected({ field, records: 0, empty: 0, values: null }, 1, rejectedFields),
  );
}

/** @param sampled the part of the rows that the profile is of, from 0 to 1 */
function withRejected(
  profile: FieldProfile,
  sampled: number,
  { records, filled }: RejectedFields,
): FieldProfile {
  const empty = records - (filled.get(profile.field) ?? 0);
  return {
    ...profile,
    records: profile.records + Math.round(records * sampled),
    empty: profile.empty + Math.round(empty * sampled),
  };
}

/**
 * Profiles a sample of a document's rows: whole pages, spread over it, always the same for the same document.
 *
 * @param staged how many there are, at least one
 * @returns a profile of each column; none when the sample is empty
 */
async function profileRows(
  transaction: Transaction,
  view: View,
  table: string,
  staged: number,
): Promise<readonly FieldProfile[]> {
  const percent = Math.min(100, (SAMPLE_RECORDS / staged) * 100);
  const { rows } = await transaction.query<FieldProfile>(
    `with sample as materialized (
       select * from ${table} tablesample system ($1::real) repeatable (0)
     )
     ${view.columns.map(profileOf).join("\n     union all\n     ")}`,
    [percent],
  );
  return rows.filter((profile) => profile.records > 0);
}

function profileOf(column: Column): string {
  const name = quoteIdentifier(column.name);
  const shown = `${quoteLiteral(column.field)} as "field"`;
  if (column.type !== "text" || column.key !== undefined) {
    return `select ${shown}, count(*) as records, count(*) - count(${name}) as empty, null::jsonb as "values" from sample`;
  }
  return `select ${shown}, coalesce(sum(records), 0)::bigint as records,
       coalesce(sum(records) filter (where value is null), 0)::bigint as empty,
       case when count(*) <= ${MAX_VALUES} then
         coalesce(jsonb_object_agg(value, records) filter (where value is not null), '{}')
       end as "values"
     from (
       select nullif(left(${name}, ${MAX_VALUE_LENGTH}), '') as value, count(*) as records from sample group by 1
     ) counted`;
}

function profileTable(schema: string): string {
  return qualifiedName(schema, "etl_field_profiles");
}

/** What the view's last committed load saw; empty when there was none. */
export async function lastProfiles(database: Queryable, view: View): Promise<readonly StoredProfile[]> {
  const { rows } = await database.query<StoredProfile>(
    `select field_name as "field", records, empty, distinct_values as "values"
     from ${profileTable(database.schema)}
     where view_name = $1`,
    [view.name],
  );
  return rows;
}

/** Puts the profiles in the place of the last ones. What has not changed is not written. */
export async function storeProfiles(
  transaction: Transaction,
  view: View,
  runId: number,
  profiles: readonly FieldProfile[],
): Promise<void> {
  const stored = profiles.map(({ values, ...profile }): StoredProfile => {
    return { ...profile, values: values === null ? null : Object.keys(values) };
  });
  await transaction.query(
    `insert into ${profileTable(transaction.schema)} as p (view_name, field_name, run_id, records, empty, distinct_values)
     select $1, profile."field", $2, profile.records, profile.empty, profile."values"
     from jsonb_to_recordset($3::text::jsonb) as profile ("field" text, records bigint, empty bigint, "values" text[])
     on conflict (view_name, field_name) do update
     set run_id = excluded.run_id, records = excluded.records, empty = excluded.empty,
       distinct_values = excluded.distinct_values
     where (p.records, p.empty, p.distinct_values)
       is distinct from (excluded.records, excluded.empty, excluded.distinct_values)`,
    [view.name, runId, JSON.stringify(stored)],
  );
}

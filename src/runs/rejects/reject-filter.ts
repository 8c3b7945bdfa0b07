import type { Parameter } from "../../database/database.ts";
import { qualifiedName } from "../../database/identifier.ts";

/** Selects records in quarantine. Properties that are undefined select all. */
export interface RejectFilter {
  /** Records that this run has rejected, first or again. */
  readonly runId?: number;
  readonly view?: string;
  readonly reason?: string;
  /** The API's name of the field that the records were rejected for. */
  readonly field?: string;
  /** Whole words of the record's key, in its readable form: a value, or a field and its value. */
  readonly key?: string;
}

/** The table of rejected records, quoted and with its schema. */
export function rejectTable(schema: string): string {
  return qualifiedName(schema, "etl_rejects");
}

/** The words of a text, as the index `etl_rejects_key` has them; what separates words is in every key. */
function wordsOf(text: string): string {
  return `string_to_array(translate(${text} collate "C", '=",:-./@_', '         '), ' ')`;
}

/** How many parameters `rejectCondition` has. */
export const REJECT_PARAMETERS = 5;

/**
 * A condition on `etl_rejects`, with the parameters `$1` to `$5`. The index finds records whose key has all words of the
 * text; among them, those whose key contains the text are chosen. A run is looked up once: the ids of its records are
 * those with its `run_id`, and those that its record says it has seen again.
 */
export function rejectCondition(schema: string): string {
  const rejects = rejectTable(schema);
  return `($1::bigint is null or reject_id = any(array(
         select first.reject_id from ${rejects} first where first.run_id = $1::bigint
         union all
         select again.reject_id
         from ${qualifiedName(schema, "etl_metadata")} run
         cross join unnest(run.rejects_seen_again) ids
         join ${rejects} again on again.reject_id >= lower(ids) and again.reject_id < upper(ids)
         where run.run_id = $1::bigint
       )))
       and ($2::text is null or view_name = $2::text)
       and ($3::text is null or reason = $3::text)
       and ($4::text is null or (
         strpos(record_key, $4::text) > 0
         and ${wordsOf("record_key")} @> array_remove(${wordsOf("$4::text")}, '')
       ))
       and ($5::text is null or column_name = $5::text)`;
}

export function rejectParameters({ runId, view, reason, key, field }: RejectFilter): readonly Parameter[] {
  return [runId ?? null, view ?? null, reason ?? null, key ?? null, field ?? null];
}

/** The filter in words, for the run's record: `quarantine (run 12, reason invalid_timestamp)`. */
export function describeFilter({ runId, reason, field }: RejectFilter): string {
  const parts = [
    ...(runId === undefined ? [] : [`run ${runId}`]),
    ...(reason === undefined ? [] : [`reason ${reason}`]),
    ...(field === undefined ? [] : [`field ${field}`]),
  ];
  return parts.length === 0 ? "quarantine" : `quarantine (${parts.join(", ")})`;
}

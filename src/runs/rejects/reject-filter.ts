import type { Parameter } from "../../database/database.ts";

/** Selects records in quarantine. Properties that are undefined select all. */
export interface RejectFilter {
  readonly runId?: number;
  readonly view?: string;
  readonly reason?: string;
  /** Whole words of the record's key, in its readable form: a value, or a field and its value. */
  readonly key?: string;
}

/** The words of a text, as the index `etl_rejects_key` has them; what separates words is in every key. */
function wordsOf(text: string): string {
  return `string_to_array(translate(${text} collate "C", '=",:-./@_', '         '), ' ')`;
}

/**
 * A condition on `etl_rejects`, with the parameters `$1` to `$4`. The index finds records whose key has all words of the
 * text; among them, those whose key contains the text are chosen.
 */
export const REJECT_CONDITION = `($1::bigint is null or run_id = $1::bigint)
       and ($2::text is null or view_name = $2::text)
       and ($3::text is null or reason = $3::text)
       and ($4::text is null or (
         strpos(record_key, $4::text) > 0
         and ${wordsOf("record_key")} @> array_remove(${wordsOf("$4::text")}, '')
       ))`;

export function rejectParameters({ runId, view, reason, key }: RejectFilter): readonly Parameter[] {
  return [runId ?? null, view ?? null, reason ?? null, key ?? null];
}

/** The filter in words, for the run's record: `quarantine (run 12, reason invalid_timestamp)`. */
export function describeFilter({ runId, reason }: RejectFilter): string {
  const parts = [
    ...(runId === undefined ? [] : [`run ${runId}`]),
    ...(reason === undefined ? [] : [`reason ${reason}`]),
  ];
  return parts.length === 0 ? "quarantine" : `quarantine (${parts.join(", ")})`;
}

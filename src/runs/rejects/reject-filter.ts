import type { Parameter } from "../../database/database.ts";

/** Selects records in quarantine. Properties that are undefined select all. */
export interface RejectFilter {
  readonly runId?: number;
  readonly view?: string;
  readonly reason?: string;
  /** A part of the record's key, in its readable form. */
  readonly key?: string;
}

/** A condition on `etl_rejects`, with the parameters `$1` to `$4`. */
export const REJECT_CONDITION = `($1::bigint is null or run_id = $1::bigint)
       and ($2::text is null or view_name = $2::text)
       and ($3::text is null or reason = $3::text)
       and ($4::text is null or strpos(record_key, $4::text) > 0)`;

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

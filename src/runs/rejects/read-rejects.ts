import type { Queryable } from "../../database/database.ts";
import { qualifiedName } from "../../database/identifier.ts";
import { REJECT_CONDITION, rejectParameters, type RejectFilter } from "./reject-filter.ts";

/** A record in quarantine, without the record itself. */
export interface RejectSummary {
  readonly rejectId: number;
  readonly runId: number;
  readonly view: string;
  /** The record's place in the document, from 1. */
  readonly position: number;
  readonly key: string | null;
  readonly field: string | null;
  readonly reason: string;
  readonly message: string;
  readonly sqlState: string | null;
  readonly rejectedAt: Date;
}

/** A record in quarantine with all its recorded values. */
export interface RejectDetails extends RejectSummary {
  /** The record as it was sent. */
  readonly raw: string;
  /** Where the document came from, and its copy in the archive. */
  readonly source: string;
  readonly archiveFile: string | null;
}

/** How many records of a view are in quarantine for one reason. */
export interface RejectCount {
  readonly view: string;
  readonly reason: string;
  readonly field: string | null;
  readonly records: number;
}

const SUMMARY = `reject_id as "rejectId", run_id as "runId", r.view_name as "view", position, record_key as "key",
  column_name as "field", reason, message, sql_state as "sqlState", rejected_at as "rejectedAt"`;

/** The table of rejected records, quoted and with its schema. */
export function rejectTable(schema: string): string {
  return qualifiedName(schema, "etl_rejects");
}

/** A search by key finds at most this many records. All found records are read, to be counted and sorted. */
export const MOST_FOUND = 1000;

/**
 * Whether more than `MOST_FOUND` records have a key that matches. It reads no more of them than that.
 *
 * In a transaction, it also makes the queries that follow use the index of the keys. The planner does not know how many
 * keys have a word, and would rather read the table in the order of the ids until it has met enough of them.
 */
export async function isBroadSearch(database: Queryable, filter: RejectFilter): Promise<boolean> {
  if (filter.key === undefined) return false;
  await database.query(
    `select set_config(setting, 'off', true)
     from unnest('{enable_seqscan,enable_indexscan,enable_indexonlyscan}'::text[]) setting`,
  );
  const { rows } = await database.query<{ found: number }>(
    `select count(*) as found
     from (select from ${rejectTable(database.schema)} where ${REJECT_CONDITION} limit ${MOST_FOUND + 1}) matching`,
    rejectParameters(filter),
  );
  return (rows[0]?.found ?? 0) > MOST_FOUND;
}

/**
 * Newest first.
 *
 * @param before only records with a lower id, for the next page
 */
export async function readRejects(
  database: Queryable,
  filter: RejectFilter,
  limit: number,
  before?: number,
): Promise<readonly RejectSummary[]> {
  // With a key, the few matches are sorted. A scan in the order of the ids may read the whole table for them.
  const order = filter.key === undefined ? "reject_id" : "reject_id + 0";
  const { rows } = await database.query<RejectSummary>(
    `select ${SUMMARY}
     from ${rejectTable(database.schema)} r
     where ${REJECT_CONDITION} and ($5::bigint is null or reject_id < $5::bigint)
     order by ${order} desc
     limit $6`,
    [...rejectParameters(filter), before ?? null, limit],
  );
  return rows;
}

/** Counts the records by view, reason and field, most frequent first. */
export async function countRejects(
  database: Queryable,
  filter: RejectFilter,
): Promise<readonly RejectCount[]> {
  const { rows } = await database.query<RejectCount>(
    `select view_name as "view", reason, column_name as "field", count(*) as records
     from ${rejectTable(database.schema)}
     where ${REJECT_CONDITION}
     group by view_name, reason, column_name
     order by records desc, view_name, reason, column_name`,
    rejectParameters(filter),
  );
  return rows;
}

export async function readReject(database: Queryable, rejectId: number): Promise<RejectDetails | undefined> {
  const { rows } = await database.query<RejectDetails>(
    `select ${SUMMARY}, raw_record as "raw", source, archive_file as "archiveFile"
     from ${rejectTable(database.schema)} r
     join ${qualifiedName(database.schema, "etl_metadata")} using (run_id)
     where reject_id = $1`,
    [rejectId],
  );
  return rows[0];
}

/** @returns the number of removed records */
export async function clearRejects(database: Queryable, filter: RejectFilter): Promise<number> {
  const { rowCount } = await database.query(
    `delete from ${rejectTable(database.schema)} where ${REJECT_CONDITION}`,
    rejectParameters(filter),
  );
  return rowCount;
}

/**
 * Deletes rejected records that are older, by the clock of the database.
 *
 * @param keepMs the age of the records that stay, in milliseconds
 * @param limit the largest number to delete
 * @returns the number of deleted records
 */
export async function pruneRejects(database: Queryable, keepMs: number, limit: number): Promise<number> {
  const { rowCount } = await database.query(
    `delete from ${rejectTable(database.schema)}
     where reject_id in (
       select reject_id
       from ${rejectTable(database.schema)}
       where rejected_at < clock_timestamp() - make_interval(secs => $1::float8 / 1000)
       order by rejected_at
       limit $2
     )`,
    [keepMs, limit],
  );
  return rowCount;
}

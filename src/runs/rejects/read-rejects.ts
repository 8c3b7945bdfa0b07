import type { Queryable } from "../../database/database.ts";
import { qualifiedName } from "../../database/identifier.ts";
import { withExactNumbers } from "../../views/values/exact-number.ts";
import {
  REJECT_PARAMETERS,
  rejectCondition,
  rejectParameters,
  rejectTable,
  type RejectFilter,
} from "./reject-filter.ts";

/** A record in quarantine, without the record itself. */
export interface RejectSummary {
  readonly rejectId: number;
  /** The run that rejected the record first. */
  readonly runId: number;
  readonly view: string;
  /** The record's place in the document of its first run, from 1. */
  readonly position: number;
  readonly key: string | null;
  readonly field: string | null;
  readonly reason: string;
  readonly message: string;
  readonly sqlState: string | null;
  /** When it was rejected first. */
  readonly rejectedAt: Date;
  /** The last run that rejected it. */
  readonly lastSeenRunId: number;
  /** How many runs have rejected it. */
  readonly timesSeen: number;
}

/** A record in quarantine with all its recorded values. */
export interface RejectDetails extends RejectSummary {
  /** The record as it was sent. */
  readonly raw: string;
  /** Where the document of its first run came from, and its copy in the archive. */
  readonly source: string;
  readonly archiveFile: string | null;
  /** When the last run that rejected it began; null if that run is no longer on record. */
  readonly lastSeenAt: Date | null;
}

/** How many records of a view are in quarantine for one reason. */
export interface RejectCount {
  readonly view: string;
  readonly reason: string;
  readonly field: string | null;
  readonly records: number;
}

/** The records in quarantine of one view, reason and field, and one of them. */
export interface RejectGroup extends RejectCount {
  /** The id of one of the records. */
  readonly sampleId: number;
  /** Its value in the field, as JSON with the digits that were sent, or `absent`; without a field, its message. */
  readonly sample: string;
}

/** A sample is shown in one line. A longer record is not read for it; in bytes. */
const LONGEST_SAMPLE = 1024 * 1024;

const SUMMARY = `reject_id as "rejectId", run_id as "runId", r.view_name as "view", position, record_key as "key",
  column_name as "field", reason, message, sql_state as "sqlState", rejected_at as "rejectedAt",
  coalesce(last_seen_run_id, run_id) as "lastSeenRunId", times_seen as "timesSeen"`;

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
     from (
       select from ${rejectTable(database.schema)} where ${rejectCondition(database.schema)} limit ${MOST_FOUND + 1}
     ) matching`,
    rejectParameters(filter),
  );
  return (rows[0]?.found ?? 0) > MOST_FOUND;
}

/**
 * So many records, each from a page of its own, are read and sorted in a tenth of a second. Of more, a scan in the order of
 * the ids usually meets enough soon; of fewer, it may read a million others first, which takes more than a second.
 */
const FEW_MATCHES = 10_000;

/** Which part of the matching records to read. */
interface RejectPage {
  /** Only records with a lower id, for the next page. */
  readonly before?: number | undefined;
  /** How many records match, on all pages. Default: unknown. */
  readonly matching?: number;
}

/** Newest first. */
export async function readRejects(
  database: Queryable,
  filter: RejectFilter,
  limit: number,
  { before, matching = Infinity }: RejectPage = {},
): Promise<readonly RejectSummary[]> {
  // With a key, there are few matches as well. The expression keeps the planner from a scan in the order of the ids.
  const order = filter.key === undefined && matching > FEW_MATCHES ? "reject_id" : "reject_id + 0";
  const { rows } = await database.query<RejectSummary>(
    `select ${SUMMARY}
     from ${rejectTable(database.schema)} r
     where ${rejectCondition(database.schema)}
       and ($${REJECT_PARAMETERS + 1}::bigint is null or reject_id < $${REJECT_PARAMETERS + 1}::bigint)
     order by ${order} desc
     limit $${REJECT_PARAMETERS + 2}`,
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
     where ${rejectCondition(database.schema)}
     group by view_name, reason, column_name
     order by records desc, view_name, reason, column_name`,
    rejectParameters(filter),
  );
  return rows;
}

/** As `countRejects`, with a record of each group. An index finds it without reading the others. */
export async function readRejectGroups(
  database: Queryable,
  filter: RejectFilter,
): Promise<readonly RejectGroup[]> {
  const rejects = rejectTable(database.schema);
  const condition = rejectCondition(database.schema);
  const sample = (field: string): string =>
    `(select reject_id, message, case when octet_length(raw_record) <= ${LONGEST_SAMPLE} then raw_record end as raw
      from ${rejects}
      where view_name = "view" and reason = "groupReason" and ${field} and ${condition}
      limit 1)`;
  const { rows } = await database.query<Omit<RejectGroup, "sample"> & Sample>(
    `select "view", "groupReason" as "reason", "field", records, reject_id as "sampleId", message, raw
     from (
       select view_name as "view", reason as "groupReason", column_name as "field", count(*) as records
       from ${rejects}
       where ${condition}
       group by view_name, reason, column_name
     ) counted
     cross join lateral (${sample(`column_name = "field"`)} union all ${sample(`"field" is null and column_name is null`)}) sample
     order by records desc, "view", "groupReason", "field"`,
    rejectParameters(filter),
  );
  return rows.map(({ message, raw, ...group }) => ({
    ...group,
    sample: sampleOf(group.field, { message, raw }),
  }));
}

/** A record of a group. */
interface Sample {
  readonly message: string;
  /** Null if it is longer than a sample may be. */
  readonly raw: string | null;
}

function sampleOf(field: string | null, { message, raw }: Sample): string {
  if (field === null || raw === null) return message;
  try {
    const value = Object.entries(withExactNumbers(raw)).find(([name]) => name === field)?.[1];
    return value === undefined ? "absent" : JSON.stringify(value);
  } catch {
    // Somebody has edited the record.
    return message;
  }
}

export async function readReject(database: Queryable, rejectId: number): Promise<RejectDetails | undefined> {
  const { rows } = await database.query<RejectDetails>(
    `select reject.*, first.source, first.archive_file as "archiveFile", last.load_start as "lastSeenAt"
     from (select ${SUMMARY}, raw_record as "raw" from ${rejectTable(database.schema)} r where reject_id = $1) reject
     join ${qualifiedName(database.schema, "etl_metadata")} first on first.run_id = "runId"
     left join ${qualifiedName(database.schema, "etl_metadata")} last on last.run_id = "lastSeenRunId"`,
    [rejectId],
  );
  return rows[0];
}

/** @returns the number of removed records */
export async function clearRejects(database: Queryable, filter: RejectFilter): Promise<number> {
  const table = rejectTable(database.schema);
  // The rows are locked in the order of their ids, as by a load that sees them again, so that no deadlock ends the load.
  const { rowCount } = await database.query(
    `delete from ${table}
     where reject_id in (
       select reject_id from ${table} where ${rejectCondition(database.schema)} order by reject_id for update
     )`,
    rejectParameters(filter),
  );
  return rowCount;
}

/**
 * Deletes rejected records that no run has seen for longer, by the clock of the database.
 *
 * @param keepMs the time since the last run that saw them, in milliseconds, for which they stay
 * @param limit the largest number to delete
 * @returns the number of deleted records
 */
export async function pruneRejects(database: Queryable, keepMs: number, limit: number): Promise<number> {
  const { schema } = database;
  const limitTime = "clock_timestamp() - make_interval(secs => $1::float8 / 1000)";
  const { rowCount } = await database.query(
    `delete from ${rejectTable(schema)}
     where reject_id in (
       select reject_id
       from ${rejectTable(schema)} reject
       where rejected_at < ${limitTime}
         and not exists (
           select from ${qualifiedName(schema, "etl_metadata")} run
           where run.run_id = reject.last_seen_run_id and run.run_id <> reject.run_id and run.load_start >= ${limitTime}
         )
       order by rejected_at
       limit $2
     )`,
    [keepMs, limit],
  );
  return rowCount;
}

import { createHash } from "node:crypto";
import { packageVersion } from "../config/package-version.ts";
import type { Queryable, Transaction } from "../database/database.ts";
import type { View } from "../views/view.ts";
import type { LoadContext } from "./load-context.ts";
import { runTable } from "./run-log.ts";
import type { StagedDocument } from "./stage-document.ts";

/** Transaction ids go round after 2^32; half of that apart, nobody can tell which is older. */
const MAX_AGE = 1_000_000_000;

interface Comparison {
  readonly view: View;
  /** The table, quoted and with its schema. */
  readonly target: string;
  /** Rows staged. */
  readonly staged: number;
  /** Records that could not be converted. */
  readonly errors: number;
  readonly digest: string;
}

/** By what the next load knows the table again. */
interface TableMark {
  /** The table, quoted and with its schema. */
  readonly target: string;
  readonly digest: string;
  /** How many rows it holds, where that is known; they are counted otherwise. */
  readonly rows: number | undefined;
}

/** The counts of a document that was loaded before, and has nothing new. */
interface SameDocument {
  readonly duplicates: number;
  readonly unchanged: number;
}

/** Everything that decides which rows a document becomes: two loads with one digest stage the same rows. */
export function contentDigest(
  view: View,
  { timeZone, keepNewer }: Pick<LoadContext["options"], "timeZone" | "keepNewer">,
  { payloadSha256 }: Pick<StagedDocument, "payloadSha256">,
): string {
  const { columns } = view;
  return createHash("sha256")
    .update(JSON.stringify([payloadSha256, packageVersion(), timeZone.name, keepNewer, columns]))
    .digest("hex");
}

/**
 * Leaves a mark on the run, by which the next load can tell whether anybody has written to the table since. Nothing is
 * left where that could not be told: while another transaction of the database is under way that has an id already (it
 * could still write rows that look old), or where triggers and rules make of a row what they like.
 *
 * To be called in the savepoint in which the run was closed, and before anything else is written in it: only then is the
 * id of the run's row younger than those of all rows of the load.
 */
export async function markTable(
  transaction: Queryable,
  schema: string,
  runId: number,
  { target, digest, rows }: TableMark,
): Promise<void> {
  await transaction.query(
    `update ${runTable(schema)} run
     set content_digest = $2, table_mark = run.xmin::text::bigint,
       table_rows = coalesce($4::bigint, (select count(*) from ${target}))
     where run_id = $1
       and not exists (
         select from pg_locks held
         left join pg_stat_activity session using (pid)
         where held.locktype = 'transactionid' and held.mode = 'ExclusiveLock' and held.granted
           and held.pid is distinct from pg_backend_pid()
           and coalesce(session.datname, current_database()) = current_database()
       )
       and not exists (select from pg_trigger where tgrelid = $3::text::regclass and not tgisinternal)
       and not exists (select from pg_rewrite where ev_class = $3::text::regclass)`,
    [runId, digest, target, rows ?? null],
  );
}

/**
 * Compares the document with the view's last load. When it is the same document and the table is as that load left it,
 * nothing has to be compared row by row. The table has to be locked against writers.
 */
export async function sameDocument(
  transaction: Transaction,
  schema: string,
  { view, target, staged, errors, digest }: Comparison,
): Promise<SameDocument | undefined> {
  const { rows } = await transaction.query<{ mark: number; table_rows: number; duplicates: number }>(
    `select table_mark as mark, table_rows, records_duplicates as duplicates
     from (
       select *, xmin from ${runTable(schema)}
       where view_name = $1 and load_status in ('success', 'partial')
       order by run_id desc
       limit 1
     ) last
     where content_digest = $2 and records_errors = $3 and table_mark = xmin::text::bigint
       and age(xmin) < ${MAX_AGE}`,
    [view.name, digest, errors],
  );
  const [last] = rows;
  if (last === undefined) return undefined;
  const table = await transaction.query<{ same: boolean }>(
    `select count(*) = $1 and not coalesce(bool_or(age(xmin) < age($2::text::xid)), false) as same
     from ${target}`,
    [last.table_rows, String(last.mark)],
  );
  if (table.rows[0]?.same !== true) return undefined;
  return { duplicates: last.duplicates, unchanged: staged - last.duplicates };
}

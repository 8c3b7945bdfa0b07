import { createHash } from "node:crypto";
import type { Transaction } from "../../database/database.ts";
import { isDivided } from "../../database/table-backend.ts";
import { qualifiedName } from "../../database/identifier.ts";
import type { TimeZone } from "../../views/values/time-zone.ts";
import type { View } from "../../views/view.ts";
import {
  FINGERPRINT,
  FINGERPRINT_TRIGGER,
  type LoadTables,
  WRITE_COUNTER_PREFIX,
  WRITE_TRIGGER,
} from "../tables/load-tables.ts";

/**
 * To be raised when a record becomes another row than before although view, time zone and table are the same. All
 * fingerprints are then unknown, and the next load compares every row.
 */
const CONVERSION_VERSION = 1;

/** How the records of a view get fingerprints. */
export interface Fingerprinting {
  readonly key: Uint8Array;
  /** Whether the view's table keeps them, and its trigger, if it can have one, clears that of a row which somebody else changes. */
  readonly isStored: boolean;
  /**
   * The sequence that counts the statements that write to the table, quoted and with its schema; undefined where some may
   * not be counted. The triggers of a partition are not those of the table that it belongs to.
   */
  readonly writeCounter: string | undefined;
}

/**
 * The key mixes a random number of the database with everything that decides what a record becomes: under another
 * interpretation no fingerprint of the table is known.
 */
export async function readFingerprinting(
  transaction: Transaction,
  view: View,
  { target, backend }: Pick<LoadTables, "target" | "backend">,
  timeZone: TimeZone,
): Promise<Fingerprinting> {
  const counter = qualifiedName(transaction.schema, `${WRITE_COUNTER_PREFIX}${view.table}`);
  const { rows } = await transaction.query<{
    salt: string;
    columns: unknown;
    stored: boolean;
    counted: boolean;
  }>(
    `select
       (select fingerprint_salt::text from ${qualifiedName(transaction.schema, "etl_database")}) as salt,
       (
         select json_agg(json_build_array(attname, attnum, format_type(atttypid, atttypmod)) order by attnum)
         from pg_attribute
         where attrelid = t.oid and attnum > 0 and not attisdropped and attname = any($2)
       ) as columns,
       exists (
         select from pg_attribute
         where attrelid = t.oid and attname = '${FINGERPRINT}' and atttypid = 'uuid'::regtype and not attisdropped
       )
       and (
         not ${backend.hasTriggers}
         or exists (
           select from pg_trigger
           where tgrelid = t.oid and tgname = '${FINGERPRINT_TRIGGER}' and tgenabled in ('O', 'A')
         )
       ) as stored,
       to_regclass($3) is not null
       and coalesce(has_function_privilege(to_regprocedure($4), 'execute'), false)
       and exists (
         select from pg_trigger
         where tgrelid = t.oid and tgname = '${WRITE_TRIGGER}' and tgenabled in ('O', 'A')
       )
       and not ${isDivided("t")} as counted
     from pg_class t where t.oid = $1::text::regclass`,
    [
      target,
      view.columns.map(({ name }) => name),
      counter,
      `${qualifiedName(transaction.schema, "counted_writes")}(regclass)`,
    ],
  );
  const [row] = rows;
  // The rules of a zone come with Node, and change with it.
  const zone = timeZone.name === "UTC" ? ["UTC"] : [timeZone.name, process.versions["tz"]];
  const key = createHash("sha256")
    .update(JSON.stringify([CONVERSION_VERSION, row?.salt, zone, view.columns, row?.columns]))
    .digest();
  return {
    key,
    isStored: row?.stored === true,
    writeCounter: row?.counted === true ? counter : undefined,
  };
}

import type { Database, Queryable, Transaction } from "../database/database.ts";
import { qualifiedName, quoteIdentifier } from "../database/identifier.ts";
import { OtcError } from "../errors/otc-error.ts";
import { isSameTimeZone } from "../views/values/time-zone.ts";
import { keyColumns, type View } from "../views/view.ts";

/** The one row about the database as a whole, quoted and with its schema. */
function databaseTable(schema: string): string {
  return qualifiedName(schema, "etl_database");
}

/** The time zone that the rows were written with; null before the first load. */
export async function readPinnedTimeZone(database: Queryable): Promise<string | null> {
  const { rows } = await database.query<{ zone: string | null }>(
    `select time_zone as "zone" from ${databaseTable(database.schema)}`,
  );
  return rows[0]?.zone ?? null;
}

/** Records the time zone that the rows are written with from now on. No load may be running. */
export async function writePinnedTimeZone(transaction: Transaction, zone: string): Promise<void> {
  await transaction.query(`update ${databaseTable(transaction.schema)} set time_zone = $1`, [zone]);
}

/** A load's question whether it may write with its time zone. */
interface Pinning {
  /** The configured zone. */
  readonly zone: string;
  /** All views of the database. */
  readonly catalog: readonly View[];
  /** Whether a zone that is not on record yet is recorded. A plan leaves nothing behind. */
  readonly records: boolean;
}

/**
 * Finds the time zone to load with: the one on record, which is the configured one, perhaps in another spelling. The
 * first load records its own, and so does a load into tables without any row.
 *
 * @throws OtcError `configuration` when the rows were written with another zone
 */
export async function pinTimeZone(database: Database, { zone, catalog, records }: Pinning): Promise<string> {
  const first = await readPinnedTimeZone(database);
  if (first === null) {
    if (!records) return zone;
    // Another first load may do the same, and only one of them does.
    await database.transaction((transaction) =>
      transaction.query(
        `update ${databaseTable(transaction.schema)} set time_zone = $1 where time_zone is null`,
        [zone],
      ),
    );
  }
  const pinned = first ?? (await readPinnedTimeZone(database)) ?? zone;
  if (await isSameTimeZone(pinned, zone)) return pinned;
  if (await database.transaction((transaction) => repinEmpty(transaction, zone, catalog, records)))
    return zone;
  throw otherTimeZone(pinned, zone, catalog);
}

/** Records another time zone if no row was written with the one on record. */
async function repinEmpty(
  transaction: Transaction,
  zone: string,
  catalog: readonly View[],
  records: boolean,
): Promise<boolean> {
  // A load that is running holds the row: its own rows are not visible yet, but count.
  const { rows } = await transaction.query(
    `select from ${databaseTable(transaction.schema)} ${records ? "for update skip locked" : ""}`,
  );
  if (rows.length === 0 || (await hasRows(transaction, catalog))) return false;
  if (records) await writePinnedTimeZone(transaction, zone);
  return true;
}

/**
 * Keeps the recorded time zone as it is until the transaction ends.
 *
 * @param zone as `pinTimeZone` has found it
 * @throws OtcError `configuration` when it was changed since
 */
export async function holdTimeZone(
  transaction: Transaction,
  zone: string,
  views: readonly View[],
): Promise<void> {
  const { rows } = await transaction.query<{ zone: string }>(
    `select time_zone as "zone" from ${databaseTable(transaction.schema)} where time_zone is not null for share`,
  );
  const pinned = rows[0]?.zone ?? zone;
  if (pinned !== zone) throw otherTimeZone(pinned, zone, views);
}

async function hasRows(transaction: Transaction, catalog: readonly View[]): Promise<boolean> {
  // Of distributed tables, several subqueries need a column and a limit each.
  const tables = catalog.map(
    ({ table }) => `exists (select 1 from ${qualifiedName(transaction.schema, table)} limit 1)`,
  );
  const { rows } = await transaction.query<{ filled: boolean }>(`select ${tables.join(" or ")} as filled`);
  return rows[0]?.filled === true;
}

function otherTimeZone(pinned: string, zone: string, views: readonly View[]): OtcError {
  const doubled = viewsKeyedByTime(views).map(
    ({ view, columns }) =>
      `insert every record of ${view} a second time, because ${columns} is part of its key`,
  );
  return new OtcError(
    "configuration",
    `The rows were written with the time zone ${pinned}, and OTC_TIMEZONE is ${zone}. ` +
      `Nothing was loaded: a load would read each time without a zone as another instant` +
      `${doubled.map((text) => `, and ${text}`).join("")}.`,
    {
      remedy: `Set OTC_TIMEZONE=${pinned}. If times are to be read in ${zone} from now on, run \`otc-etl migrate --time-zone ${zone}\`.`,
    },
  );
}

/** The views whose records get other keys in another time zone, with those columns. */
export function viewsKeyedByTime(
  views: readonly View[],
): readonly { readonly view: string; readonly columns: string }[] {
  return views.flatMap((view) => {
    const columns = keyColumns(view).filter(({ type }) => type === "timestamp");
    if (columns.length === 0) return [];
    return [{ view: view.name, columns: columns.map(({ name }) => quoteIdentifier(name)).join(", ") }];
  });
}

import type { Transaction } from "../../database/database.ts";
import { quoteIdentifier } from "../../database/identifier.ts";
import { keyColumns, versionColumnOf, type View } from "../../views/view.ts";
import type { KnownRows } from "../known-rows/known-rows.ts";
import { settleKnownRows } from "../known-rows/settle-known-rows.ts";
import type { StagedDocument } from "../stage/stage-document.ts";
import {
  fingerprintColumn,
  type LoadTables,
  mayRepeatColumn,
  movedFromColumn,
  positionColumn,
} from "../tables/load-tables.ts";
import { movingColumn, placeColumns, sameKey, sameRecord, sameRow } from "../tables/same-row.ts";
import { analyzeKeys, createTableAs } from "../tables/staging.ts";
import { areFew, withKeyLookups } from "../tables/key-lookups.ts";
import { withHashJoins } from "../tables/planner-settings.ts";
import { comparison, isNewColumn } from "./comparison.ts";
import { markMoved } from "./moved-rows.ts";

/** What a document holds, against what the table holds. */
export interface Classification {
  readonly duplicates: number;
  readonly unchanged: number;
  /** Unchanged rows that were staged and compared; the others were known. */
  readonly compared: number;
  /** New and changed rows: those in the delta. */
  readonly changed: number;
  /** Rows of the delta that replace a row of another server. */
  readonly moved: number;
  /** Whether the table was empty, so that every row is new. */
  readonly allNew: boolean;
  /** The tables that the positions of the delta's rows are in. */
  readonly deltaTables: readonly string[];
}

/**
 * Classifies the staged rows once. Of several rows with one key the last stays. The delta then holds every new or
 * changed row: the columns of the staging table, and `isNewColumn`. Everything that follows reads the delta, and nothing
 * else decides what is new or changed. The table has to be locked against writers.
 *
 * The row that a changed one replaces is found by its key, never by its place in the table (`ctid`): the partitions of a
 * table have the same places, and an update of a distributed table cannot name one.
 *
 * @param document how many rows are staged, and how many of them have a key that may have come before
 * @param keepNewer rows that are newer than what is staged count as unchanged
 */
export async function classify(
  transaction: Transaction,
  view: View,
  tables: LoadTables,
  { staged, possibleDuplicates, known }: Pick<StagedDocument, "staged" | "possibleDuplicates" | "known">,
  keepNewer: boolean,
): Promise<Classification> {
  const classifyStaged = async (): Promise<Classification> => {
    const isFirst = known === undefined && (await isEmpty(transaction, tables));
    if (!isFirst) await analyzeKeys(transaction, view, tables, tables.stagingTable);
    const repeated =
      possibleDuplicates === 0 ? 0 : await removeDuplicates(transaction, view, tables, keepNewer);
    const rows = staged - repeated;
    if (known !== undefined) return classifyBesideKnown(transaction, view, tables, rows, repeated, known);
    const result = isFirst
      ? await everythingIsNew(transaction, tables, rows)
      : await compare(transaction, view, tables, rows, keepNewer);
    return { ...result, duplicates: repeated, compared: result.unchanged };
  };
  const isFew = known !== undefined && areFew(staged, known.fingerprints.size);
  return isFew ? classifyStaged() : withHashJoins(transaction, classifyStaged);
}

/**
 * Beside known rows, the staged rows are compared with the table only once: what is found there decides between the staged
 * rows and the known ones, and makes the delta.
 */
async function classifyBesideKnown(
  transaction: Transaction,
  view: View,
  tables: LoadTables,
  rows: number,
  repeated: number,
  known: KnownRows,
): Promise<Classification> {
  const { isNew, isChanged } = comparison(view, false);
  await withKeyLookups(transaction, view, tables, { keys: rows, rows: known.fingerprints.size }, () =>
    createTableAs(
      transaction,
      tables,
      tables.matches,
      `select s.${positionColumn}, ${placeColumns(view, tables)}t.${fingerprintColumn}, ${isNew} as ${isNewColumn},
         ${isChanged} as changed
       from ${tables.staging} s
       left join ${tables.target} t on ${sameRow(view, tables, "s", "t")}`,
    ),
  );
  const { moved } = await markMoved(transaction, view, tables, {
    table: tables.matches,
    source: `${tables.matches} m join ${tables.staging} s on ${sameRecord(tables, "m", "s")}`,
    keepNewer: false,
  });
  const settled = await settleKnownRows(transaction, tables, known);
  const { changed, deltaTables } = await createDelta(
    transaction,
    view,
    tables,
    `select s.*, m.${isNewColumn}${movingColumn(view, tables) === undefined ? "" : `, m.${movedFromColumn}`}
     from ${tables.matches} m join ${tables.staging} s on ${sameRecord(tables, "s", "m")}
     where m.changed`,
  );
  const unchanged = rows - settled.removed - changed;
  return {
    duplicates: repeated + settled.duplicates,
    unchanged: settled.unchanged + unchanged,
    compared: unchanged,
    changed,
    moved,
    allNew: false,
    deltaTables,
  };
}

/** @param query of the matches, so that it finds the same rows whatever is written to the target */
async function createDelta(
  transaction: Transaction,
  view: View,
  tables: LoadTables,
  query: string,
): Promise<Pick<Classification, "changed" | "deltaTables">> {
  if (!tables.backend.cheapTables) {
    await transaction.query(`create view ${tables.delta} as ${query}`);
    const { rows } = await transaction.query<{ changed: number }>(
      `select count(*) as changed from ${tables.matches} where changed`,
    );
    return { changed: rows[0]?.changed ?? 0, deltaTables: [tables.matches] };
  }
  const changed = await createTableAs(transaction, tables, tables.delta, query);
  await analyzeKeys(transaction, view, tables, tables.delta);
  return { changed, deltaTables: [tables.delta] };
}

/** The classification when every record is one of a known row: nothing is staged, and nothing has to be compared. */
export function classifyKnown({ fingerprints }: KnownRows): Classification {
  const { rows, records } = fingerprints.countSeen();
  return {
    unchanged: rows,
    compared: 0,
    duplicates: records - rows,
    changed: 0,
    moved: 0,
    allNew: false,
    deltaTables: [],
  };
}

async function isEmpty(transaction: Transaction, tables: LoadTables): Promise<boolean> {
  const { rows } = await transaction.query<{ empty: boolean }>(
    // A server sends no more than the limit.
    `select not exists (select 1 from ${tables.target} limit 1) as empty`,
  );
  return rows[0]?.empty === true;
}

/** Against an empty table there is nothing to compare: the delta is a view of the whole staging table. */
async function everythingIsNew(
  transaction: Transaction,
  tables: LoadTables,
  rows: number,
): Promise<Omit<Classification, "duplicates" | "compared">> {
  await transaction.query(
    `create view ${tables.delta} as select *, true as ${isNewColumn} from ${tables.staging}`,
  );
  return { unchanged: 0, changed: rows, moved: 0, allNew: true, deltaTables: [] };
}

async function compare(
  transaction: Transaction,
  view: View,
  tables: LoadTables,
  rows: number,
  keepNewer: boolean,
): Promise<Omit<Classification, "duplicates" | "compared">> {
  const { isNew, isChanged } = comparison(view, keepNewer);
  const moving = movingColumn(view, tables);
  const delta = await createTableAs(
    transaction,
    tables,
    tables.delta,
    `select s.*, ${isNew} as ${isNewColumn}${moving === undefined ? "" : `, nullif(s.${moving}, s.${moving}) as ${movedFromColumn}`}
     from ${tables.staging} s
     left join ${tables.target} t on ${sameRow(view, tables, "s", "t")}
     where ${isChanged}`,
  );
  const { moved, kept } = await markMoved(transaction, view, tables, {
    table: tables.delta,
    source: `${tables.delta} s`,
    keepNewer,
  });
  // Without statistics of the staged rows the planner cannot choose well between an index scan and a hash join.
  await analyzeKeys(transaction, view, tables, tables.delta);
  const changed = delta - kept;
  return { unchanged: rows - changed, changed, moved, allNew: false, deltaTables: [tables.delta] };
}

/**
 * Of several rows with one key all but the last go. Only rows whose key may have come before are looked at closely,
 * unless it matters when they were modified.
 *
 * @param keepNewer the one that was modified last stays instead, where that is known
 */
async function removeDuplicates(
  transaction: Transaction,
  view: View,
  tables: LoadTables,
  keepNewer: boolean,
): Promise<number> {
  const modified = keepNewer ? versionColumnOf(view) : undefined;
  const last =
    modified === undefined
      ? `max(${positionColumn})`
      : `(array_agg(${positionColumn} order by ${quoteIdentifier(modified.name)} nulls first, ${positionColumn}))[count(*)]`;
  // The first row of a key, which did not come before, may be the one that was modified last, but is never the last.
  const candidates = modified === undefined ? `where ${mayRepeatColumn}` : "";
  const keys = keyColumns(view)
    .map((column) => quoteIdentifier(column.name))
    .join(", ");
  const repeated = `(
       select ${keys}, ${last} as last
       from ${tables.staging}
       ${candidates}
       group by ${keys}
     ) repeated`;
  const isRepeated = `${sameKey(view, "s", "repeated", tables.notTexts)} and s.${positionColumn} <> repeated.last`;
  const removed = await transaction.query(
    tables.staging === tables.stagingTable
      ? `delete from ${tables.staging} s using ${repeated} where ${isRepeated}`
      : // Citus deletes no rows of a database view.
        `delete from ${tables.stagingTable} t
         using (select s.* from ${tables.staging} s join ${repeated} on ${isRepeated}) gone
         where ${sameRecord(tables, "t", "gone")}`,
  );
  return removed.rowCount;
}

import { CopyBinaryWriter } from "../../database/copy/copy-binary.ts";
import type { Transaction } from "../../database/database.ts";
import { qualifiedName, quoteIdentifier, quoteLiteral } from "../../database/identifier.ts";
import { keyColumns, type View } from "../../views/view.ts";
import type { KnownRows } from "../known-rows/known-rows.ts";
import { withHashJoins } from "../tables/planner-settings.ts";
import { DELETED_AT, fingerprintColumn, type LoadTables, positionColumn } from "../tables/load-tables.ts";
import { sameKey, sameRow } from "../tables/same-row.ts";
import { type DocumentWindow, isInWindow } from "./document-window.ts";
import { keyJson, type MissingCheck } from "./missing-check.ts";

const PIECE_ROWS = 4096;

/** What a load knows of its document, when its rows are written. */
export interface CheckedDocument {
  readonly known: KnownRows | undefined;
  /** Rows of the table without a fingerprint; undefined when no row is known by one. */
  readonly unmarked: number | undefined;
  /** Whether the table had no row before, so that it holds nothing but rows of the document. */
  readonly wasEmpty: boolean;
  /** Whether the table with the keys of rejected records exists. */
  readonly hasRejectedKeys: boolean;
}

/**
 * Puts the rows that lie in the window of a document and are not in it into a table of their own: their keys, and what is
 * on record of each. Records that are known are not staged, and all others are: so a row is missing when its fingerprint
 * was not seen and its key is neither staged nor that of a rejected record.
 *
 * @param tables the staged rows in the types of the target
 * @returns false when there are none and the table was not made
 */
export async function findAbsent(
  transaction: Transaction,
  view: View,
  tables: LoadTables,
  { rows, table }: MissingCheck,
  window: DocumentWindow,
  { known, unmarked, wasEmpty, hasRejectedKeys }: CheckedDocument,
): Promise<boolean> {
  if (wasEmpty) return false;
  const unseen = known === undefined ? [] : unseenRows(known, window);
  if (known !== undefined && unseen.length === 0 && unmarked === 0) return false;
  if (known !== undefined) await storeUnseen(transaction, tables, known, unseen);
  const entries = qualifiedName(transaction.schema, "etl_missing");
  const keys = keyColumns(view).map(({ name }) => quoteIdentifier(name));
  const conditions = [
    isInWindow(rows, "t", window),
    `not exists (select from ${tables.staging} s where ${sameRow(view, tables, "s", "t")})`,
    ...(hasRejectedKeys ? [`not exists (select from rejected r where ${sameKey(view, "r", "t")})`] : []),
    ...(table.hasDeletedAt ? [`t.${quoteIdentifier(DELETED_AT)} is null`] : []),
    ...(known === undefined
      ? []
      : [
          `(t.${fingerprintColumn} is null or t.${fingerprintColumn} in (select fingerprint from ${tables.unseen}))`,
        ]),
  ];
  const {
    rows: [found],
  } = await withHashJoins(transaction, async () => {
    await transaction.query(
      `create unlogged table ${tables.absent} with (autovacuum_enabled = false) as
       ${hasRejectedKeys ? `with rejected as materialized (select * from ${tables.rejectedKeys})` : ""}
       select row_number() over (order by t.time) as ${positionColumn}, ${keys.join(", ")}, t.record_key,
         to_timestamp(t.time) as window_value, e.missing_id, e.first_run_id, e.action,
         null::text as reason, null::jsonb as new_key, null::text as problem
       from (
         select ${keys.map((key) => `t.${key}`).join(", ")}, ${keyJson(view, "t")} as record_key,
           extract(epoch from t.${quoteIdentifier(rows.window)})::float8 as time
         from ${tables.target} t
         where ${conditions.join("\n           and ")}
       ) t
       left join ${entries} e on e.view_name = ${quoteLiteral(view.name)} and e.record_key = t.record_key
         and e.action is distinct from 'archived'`,
    );
    return transaction.query<{ found: boolean }>(`select exists (select from ${tables.absent}) as found`);
  });
  return found?.found === true;
}

/** Rows with a fingerprint that lie in the window, whose record has not come, and whose key no staged row has. */
function unseenRows(
  { fingerprints, times, staged }: KnownRows,
  { from, to }: DocumentWindow,
): readonly number[] {
  const unseen: number[] = [];
  for (const [row, time] of times?.entries() ?? []) {
    if (time >= from && time <= to && staged[row] === 0 && fingerprints.timesSeen(row) === 0)
      unseen.push(row);
  }
  return unseen;
}

async function storeUnseen(
  transaction: Transaction,
  { unseen: table }: LoadTables,
  { fingerprints }: KnownRows,
  unseen: readonly number[],
): Promise<void> {
  await transaction.query(
    `create unlogged table ${table} (fingerprint uuid) with (autovacuum_enabled = false)`,
  );
  // eslint-disable-next-line @typescript-eslint/require-await -- COPY reads from an asynchronous iterable
  async function* pieces(): AsyncGenerator<Buffer> {
    const writer = new CopyBinaryWriter(1);
    for (const [index, row] of unseen.entries()) {
      writer.beginRow();
      writer.writeUuid(fingerprints.fingerprint(row));
      writer.endRow();
      if (index % PIECE_ROWS === PIECE_ROWS - 1) yield writer.take();
    }
    yield writer.take();
  }
  if (unseen.length > 0) await transaction.copyIn(table, pieces());
}

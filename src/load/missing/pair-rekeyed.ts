import type { Transaction } from "../../database/database.ts";
import { quoteIdentifier } from "../../database/identifier.ts";
import { keyColumns, type View } from "../../views/view.ts";
import { isNewColumn } from "../classify/comparison.ts";
import { type LoadTables, positionColumn, updatableColumns } from "../tables/load-tables.ts";
import { sameKey } from "../tables/same-row.ts";
import { keyJson, type MissingCheck } from "./missing-check.ts";

/** A row that is missing and a new one that may be the same entry. */
interface RekeyedPair {
  /** Position of the missing row among the absent ones. */
  readonly absent: number;
  /** Position of the new row in the document. */
  readonly inserted: number;
  /** The key of the new row. */
  readonly newKey: unknown;
}

/**
 * Pairs rows that are absent with rows that this load has inserted, and marks the old ones as rekeyed: a correction of a
 * key at the source looks like a row that is deleted and another that is new.
 */
export async function pairRekeyed(
  transaction: Transaction,
  view: View,
  tables: LoadTables,
  { rows: { sameWhenRekeyed } }: MissingCheck,
): Promise<void> {
  if (sameWhenRekeyed === undefined) return;
  const equal = sameWhenRekeyed.map((name) => `a.${quoteIdentifier(name)} = d.${quoteIdentifier(name)}`);
  const different = keyColumns(view)
    .filter(({ name }) => !sameWhenRekeyed.includes(name))
    .map(({ name }) => `(a.${quoteIdentifier(name)} is distinct from d.${quoteIdentifier(name)})::integer`);
  const alike = updatableColumns(view).map(
    (column) => `(t.${column} is not distinct from n.${column})::integer`,
  );
  const { rows: candidates } = await transaction.query<RekeyedPair>(
    `select a.${positionColumn} as "absent", d.${positionColumn} as "inserted",
       ${keyJson(view, "d")} as "newKey"
     from ${tables.absent} a
     join ${tables.delta} d on ${equal.join(" and ")} and ${different.join(" + ")} = 1
     join ${tables.target} t on ${sameKey(view, "a", "t")}
     join ${tables.target} n on ${sameKey(view, "d", "n", tables.notTexts)}
     where d.${isNewColumn} and (a.action is null or a.action = 'reported')
     order by ${alike.join(" + ")} desc, 1, 2`,
  );
  const pairs = choosePairs(candidates);
  if (pairs.length === 0) return;
  await transaction.query(
    `update ${tables.absent} a
     set reason = 'rekeyed', new_key = pair."newKey"
     from jsonb_to_recordset($1::text::jsonb) as pair (absent bigint, "newKey" jsonb)
     where a.${positionColumn} = pair.absent`,
    [JSON.stringify(pairs)],
  );
}

/**
 * Chooses pairs in which each row occurs once.
 *
 * @param candidates all pairs that are possible, the most similar ones first
 */
function choosePairs(candidates: readonly RekeyedPair[]): readonly RekeyedPair[] {
  const absent = new Set<number>();
  const inserted = new Set<number>();
  return candidates.filter((pair) => {
    if (absent.has(pair.absent) || inserted.has(pair.inserted)) return false;
    absent.add(pair.absent);
    inserted.add(pair.inserted);
    return true;
  });
}

import type { Transaction } from "../../database/database.ts";
import { quoteIdentifier } from "../../database/identifier.ts";
import type { OtcError } from "../../errors/otc-error.ts";
import { changeableColumns, keyColumns, type View } from "../../views/view.ts";
import { changeLogStatement } from "../apply/change-log.ts";
import type { Guard } from "../guards/guard.ts";
import type { LoadObserver } from "../load-observer.ts";
import { withHashJoins } from "../tables/planner-settings.ts";
import { type RowKey, rowKeyOf } from "../tables/row-key.ts";
import { EXTRA, type LoadTables, mayRepeatColumn, positionColumn } from "../tables/load-tables.ts";
import { sameKey } from "../tables/same-row.ts";

export type { RowKey } from "../tables/row-key.ts";

/** How one column would change. */
export interface ColumnChanges {
  readonly column: string;
  readonly rows: number;
  /** Some of them, in the order of the document; long values are cut. */
  readonly samples: readonly {
    readonly key: RowKey;
    readonly old: string | null;
    readonly new: string | null;
  }[];
}

/** Keys that come more than once in the document. */
export interface DuplicateKeys {
  readonly keys: number;
  /** Some of them, those that come most often first. */
  readonly samples: readonly { readonly key: RowKey; readonly records: number }[];
}

/** The key of a missing row: its columns and their values, timestamps in UTC. */
export type MissingKey = Readonly<Record<string, string | number | boolean | null>>;

/** A row that the document should contain and does not. */
interface MissingSample {
  readonly key: MissingKey;
  /** The key under which the document contains it; null when it does not. */
  readonly newKey: MissingKey | null;
  /** What it would be counted as; null when nothing would happen to it: this is the first document without it, or it is on record already. */
  readonly reason: "missing" | "rekeyed" | null;
}

/** Rows that the document should contain and does not. */
export interface PlannedMissing {
  /** Rows that this document is the first not to contain, so that nothing happens to them yet. */
  readonly missedOnce: number;
  /** All rows that the document should contain and does not, also those that are on record. */
  readonly rows: number;
  readonly samples: readonly MissingSample[];
}

/** A guard that would fail the load. */
export interface TrippedGuard {
  readonly guard: Guard;
  readonly message: string;
  readonly remedy?: string;
}

/** A longer value is cut, in characters: a change of every description must not be copied twice. */
const MAX_VALUE_LENGTH = 200;

const NONE_ABSENT: PlannedMissing = { missedOnce: 0, rows: 0, samples: [] };

const NO_DUPLICATES: DuplicateKeys = { keys: 0, samples: [] };

/** What a plan notes of a load on its way, and a load that is committed does not need to know. */
export class PlanReport implements LoadObserver {
  /** A plan leaves nothing behind. */
  readonly archives = false;
  readonly quarantines = false;
  /** A plan shows what staging finds. */
  readonly mayBypassStaging = false;
  readonly #samples: number;
  readonly #guards = new Map<Guard, TrippedGuard>();
  #duplicateKeys = NO_DUPLICATES;
  #changes: readonly ColumnChanges[] = [];
  #missing = NONE_ABSENT;

  /** @param samples how many keys, and changes of each column, to show */
  constructor(samples: number) {
    this.#samples = samples;
  }

  get guards(): readonly TrippedGuard[] {
    return [...this.#guards.values()];
  }

  get duplicateKeys(): DuplicateKeys {
    return this.#duplicateKeys;
  }

  /** The columns that would change, those of most rows first. */
  get changes(): readonly ColumnChanges[] {
    return this.#changes;
  }

  /** Rows that the document should contain and does not. */
  get missing(): PlannedMissing {
    return this.#missing;
  }

  /** The plan notes it and goes on. */
  guardTripped(guard: Guard, { message, remedy }: OtcError): void {
    this.#guards.set(guard, { guard, message, ...(remedy === undefined ? {} : { remedy }) });
  }

  /** Reads the keys that come more than once. */
  async beforeDuplicates(
    transaction: Transaction,
    view: View,
    tables: LoadTables,
    possibleDuplicates: number,
  ): Promise<void> {
    this.#duplicateKeys =
      possibleDuplicates === 0
        ? NO_DUPLICATES
        : await withHashJoins(transaction, () => readDuplicates(transaction, view, tables, this.#samples));
  }

  /** Makes a place for the changes, and has them written down. */
  async beforeDelta(transaction: Transaction, view: View, tables: LoadTables): Promise<readonly string[]> {
    await transaction.query(
      `create unlogged table ${tables.changes} (
         position bigint not null, column_name text not null, old_value text, new_value text
       ) with (autovacuum_enabled = false)`,
    );
    const columns = [...changeableColumns(view).map((column) => column.name), EXTRA];
    const values = [
      `d.${positionColumn}`,
      "change.column_name",
      cut("change.old_value"),
      cut("change.new_value"),
    ];
    return [changeLogStatement(view, tables, columns, { into: tables.changes, values })];
  }

  /** Reads the changes that were written down. */
  async afterDelta(transaction: Transaction, view: View, tables: LoadTables): Promise<void> {
    const { rows } = await transaction.query<ColumnChanges>(
      `select c.column_name as "column", count(*) as "rows",
         coalesce(
           json_agg(
             json_build_object('key', ${rowKeyOf(view, "d")}, 'old', c.old_value, 'new', c.new_value)
             order by c.position
           ) filter (where d.${positionColumn} is not null),
           '[]'
         ) as "samples"
       from (
         select *, row_number() over (partition by column_name order by position) as place from ${tables.changes}
       ) c
       left join ${tables.delta} d on d.${positionColumn} = c.position and c.place <= $1
       group by c.column_name
       order by count(*) desc, c.column_name`,
      [this.#samples],
    );
    this.#changes = rows;
  }

  /** Reads the rows that the document should contain and does not. */
  async afterMissing(transaction: Transaction, _view: View, { absent }: LoadTables): Promise<void> {
    const { rows: tables } = await transaction.query<{ found: boolean }>(
      "select to_regclass($1::text) is not null as found",
      [absent],
    );
    if (tables[0]?.found !== true) return;
    const { rows } = await transaction.query<PlannedMissing>(
      `select
         (select count(*) from ${absent} where missing_id is null and reason is null) as "missedOnce",
         (select count(*) from ${absent}) as "rows",
         (
           select coalesce(json_agg(json_build_object('key', record_key, 'newKey', new_key, 'reason', reason) order by reason, ${positionColumn}), '[]')
           from (
             select * from ${absent} order by reason, ${positionColumn} limit $1
           ) shown
         ) as "samples"`,
      [this.#samples],
    );
    this.#missing = rows[0] ?? NONE_ABSENT;
  }
}

async function readDuplicates(
  transaction: Transaction,
  view: View,
  tables: LoadTables,
  samples: number,
): Promise<DuplicateKeys> {
  const keys = keyColumns(view).map((column) => quoteIdentifier(column.name));
  const own = keys.map((key) => `s.${key}`).join(", ");
  const { rows } = await transaction.query<DuplicateKeys>(
    `with candidates as (
       select distinct ${keys.join(", ")} from ${tables.staging} where ${mayRepeatColumn}
     ),
     repeated as (
       select ${rowKeyOf(view, "s")} as key, count(*) as records, min(s.${positionColumn}) as first
       from ${tables.staging} s
       join candidates on ${sameKey(view, "s", "candidates", tables.notTexts)}
       group by ${own}
       having count(*) > 1
     )
     select (select count(*) from repeated) as "keys",
       coalesce(json_agg(json_build_object('key', key, 'records', records) order by records desc, first), '[]')
         as "samples"
     from (select * from repeated order by records desc, first limit $1) shown`,
    [samples],
  );
  return rows[0] ?? NO_DUPLICATES;
}

function cut(value: string): string {
  return `case when length(${value}) > ${MAX_VALUE_LENGTH} then left(${value}, ${MAX_VALUE_LENGTH}) || '…' else ${value} end`;
}

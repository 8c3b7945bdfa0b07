import type { Transaction } from "../../database/database.ts";
import { quoteIdentifier } from "../../database/identifier.ts";
import { RowSpool } from "../../database/copy/row-spool.ts";
import { RecordConverter } from "../../views/record-converter.ts";
import type { TimeZone } from "../../views/values/time-zone.ts";
import { keyColumns, type View } from "../../views/view.ts";
import { type LoadTables, sqlTypeOf } from "../tables/load-tables.ts";

/**
 * The keys of a document's rejected records. OTC has these records, so their rows are not missing. Memory holds a limited
 * number of them.
 */
export class RejectedKeys {
  readonly #view: View;
  readonly #converter: RecordConverter;
  readonly #spool: RowSpool;
  #unreadable = 0;
  #count = 0;

  constructor(view: View, timeZone: TimeZone) {
    // Of the other fields nothing has to be readable.
    this.#view = { ...view, columns: keyColumns(view) };
    this.#converter = new RecordConverter(this.#view, timeZone);
    // The converter ends each row with `extra`, which stays null.
    this.#spool = new RowSpool(this.#view.columns.length + 1);
  }

  /** Rejected records whose key is not known: nobody can say which row they belong to. */
  get unreadable(): number {
    return this.#unreadable;
  }

  /** Rejected records whose key is known. */
  get count(): number {
    return this.#count;
  }

  /** Notes a rejected record that is no object. */
  addUnreadable(): void {
    this.#unreadable += 1;
  }

  /** @param json the record as it was sent */
  add(json: string): void {
    if (this.#convert(json)) this.#count += 1;
    else this.#unreadable += 1;
  }

  /** Moves keys to disk when memory holds many. Call it between chunks of the document. */
  relieve(): Promise<void> {
    return this.#spool.relieve();
  }

  /** Writes the keys to a table of the load. */
  async store(transaction: Transaction, { rejectedKeys }: LoadTables): Promise<void> {
    const columns = this.#view.columns.map(({ name, type }) => `${quoteIdentifier(name)} ${sqlTypeOf(type)}`);
    await transaction.query(
      `create unlogged table ${rejectedKeys} (${columns.join(", ")}, extra jsonb) with (autovacuum_enabled = false)`,
    );
    await transaction.copyIn(rejectedKeys, this.#spool.rows());
  }

  dispose(): Promise<void> {
    return this.#spool.dispose();
  }

  #convert(json: string): boolean {
    let record: unknown;
    try {
      record = JSON.parse(json);
    } catch {
      return false;
    }
    if (typeof record !== "object" || record === null || Array.isArray(record)) return false;
    const all = record as Readonly<Record<string, unknown>>;
    const key: Record<string, unknown> = {};
    for (const { field } of this.#view.columns) if (Object.hasOwn(all, field)) key[field] = all[field];
    const { writer } = this.#spool;
    writer.beginRow();
    if (this.#converter.convertParsed(key, json, writer) !== undefined) return false;
    writer.endRow();
    return true;
  }
}

import type { CopyBinaryWriter } from "../../database/copy/copy-binary.ts";
import type { Transaction } from "../../database/database.ts";
import type { View } from "../../views/view.ts";
import { RowSpool } from "../../database/copy/row-spool.ts";
import type { LoadTables } from "../tables/load-tables.ts";
import { copyTarget, createStaging, endStagedRow, stagedColumnCount } from "../tables/staging.ts";

/**
 * Rows of a document that cannot go into the view's table while the document is read, because the table may not take them
 * as they are. They wait until it has been read to its end, and are then staged like any others.
 */
export class WaitingRows {
  readonly #view: View;
  readonly #spool: RowSpool;
  #count = 0;

  constructor(view: View) {
    this.#view = view;
    this.#spool = new RowSpool(stagedColumnCount(view));
  }

  get count(): number {
    return this.#count;
  }

  /**
   * @param row the row being written, with the values of the view's columns and `extra`
   * @param position the record's place in the document, from 1
   * @param mayRepeat whether the row's key may have come before
   */
  add(
    { bytes, valueStarts, valueLengths }: Pick<CopyBinaryWriter, "bytes" | "valueStarts" | "valueLengths">,
    position: number,
    mayRepeat: boolean,
  ): void {
    const waiting = this.#spool.writer;
    waiting.beginRow();
    for (let index = 0; index < valueLengths.length; index += 1) {
      const length = valueLengths[index] as number;
      const start = valueStarts[index] as number;
      if (length < 0) waiting.writeNull();
      else waiting.writeEncoded(bytes, start, start + length);
    }
    endStagedRow(waiting, position, mayRepeat);
    this.#count += 1;
  }

  /** To be called between chunks of the document: memory holds only some of the rows. */
  relieve(): Promise<void> {
    return this.#spool.relieve();
  }

  /** Creates the staging table and puts the rows into it. */
  async stage(transaction: Transaction, tables: LoadTables): Promise<void> {
    await createStaging(transaction, this.#view, tables);
    await transaction.copyIn(copyTarget(this.#view, tables), this.#spool.rows());
  }

  dispose(): Promise<void> {
    return this.#spool.dispose();
  }
}

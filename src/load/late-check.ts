import type { Reject } from "../runs/rejects/reject-spool.ts";
import type { Classification } from "./classify/delta.ts";
import { findLateRows, type LateRows, NONE_LATE, readNewestDate } from "./classify/late-rows.ts";
import { checkLate } from "./guards/late.ts";
import { enforceGuard, type LoadInProgress } from "./load-in-progress.ts";
import type { StagedDocument } from "./stage/stage-document.ts";
import type { LoadTables } from "./tables/load-tables.ts";

/** The guard of late records, and their number, in one attempt to write a document. */
export class LateCheck {
  readonly #load: LoadInProgress;
  readonly #document: StagedDocument;
  readonly #tables: LoadTables;
  readonly #classification: Classification;
  #newest: string | null = null;
  #late: LateRows = NONE_LATE;
  #refusedBefore = 0;

  /** @param tables with the rows in the target's types */
  constructor(
    load: LoadInProgress,
    document: StagedDocument,
    tables: LoadTables,
    classification: Classification,
  ) {
    this.#load = load;
    this.#document = document;
    this.#tables = tables;
    this.#classification = classification;
  }

  /**
   * To be called before the delta is applied: the newest date of the table is then that of the rows before the load.
   *
   * @param refused the rows that the database has refused so far
   * @throws OtcError `guard` when too many records are late, unless the observer goes on
   */
  async enforce(refused: readonly Reject[]): Promise<void> {
    const { transaction, run, context, lateBefore } = this.#load;
    if (lateBefore === undefined || !this.#mayBeLate) return;
    this.#newest = await readNewestDate(transaction, { view: run.view, target: this.#tables.target });
    this.#late = await this.#find(lateBefore, refused);
    this.#refusedBefore = refused.length;
    const { allowLate } = context.options;
    const tripped = checkLate(run.view, this.#late, this.#document.fetched, lateBefore, allowLate);
    enforceGuard(this.#load, "late", tripped);
  }

  /** The late records that were inserted. A row that the database has refused meanwhile is not among them. */
  async countInserted(refused: readonly Reject[]): Promise<number> {
    const { lateBefore } = this.#load;
    const isComplete = refused.length === this.#refusedBefore || this.#late.count === 0;
    if (lateBefore === undefined || isComplete) return this.#late.count;
    return (await this.#find(lateBefore, refused)).count;
  }

  /** Into an empty table every record is new, whatever its date. */
  get #mayBeLate(): boolean {
    const { changed, allNew } = this.#classification;
    return changed > 0 && !allNew && this.#document.filled === undefined;
  }

  #find(before: Date, refused: readonly Reject[]): Promise<LateRows> {
    const { transaction, run, tables } = this.#load;
    return findLateRows(
      transaction,
      run.view,
      { ...this.#tables, staging: tables.staging },
      { before, newest: this.#newest },
      refused.map(({ position }) => position),
    );
  }
}

import type { Transaction } from "../database/database.ts";
import type { RejectSpool } from "./rejects/reject-spool.ts";
import type { DocumentSource } from "../source/document-source.ts";
import type { View } from "../views/view.ts";

/** A source that may have work of its own in the transaction of the load. */
export interface LoadSource extends DocumentSource {
  /** Whether its records are in quarantine already. There they stay when the load fails, and are not recorded again. */
  readonly quarantined?: boolean;
  /** Called once the load has the view's lock, for example to choose what the document holds. */
  prepare?(transaction: Transaction, runId: number, view: View): Promise<void>;
  /**
   * Called last, when the run is on record as committed: the transaction has what became of every record.
   *
   * @param rejects the records that were rejected
   */
  finish?(rejects: RejectSpool): Promise<void>;
  /** Gives back what `prepare` has taken, in whatever way the load has ended. */
  dispose?(): Promise<void>;
}

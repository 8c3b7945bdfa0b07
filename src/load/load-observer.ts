import type { Transaction } from "../database/database.ts";
import type { OtcError } from "../errors/otc-error.ts";
import type { View } from "../views/view.ts";
import type { Guard } from "./guards/guard.ts";
import type { LoadTables } from "./tables/load-tables.ts";

/** What a load tells an observer on its way, and what the observer lets it do. */
export interface LoadObserver {
  /** Whether a document of the API is kept in the archive. */
  readonly archives: boolean;
  /** Whether rejected records are stored. */
  readonly quarantines: boolean;
  /** Whether records may leave out the staging table, in which the observer then does not find them. */
  readonly mayBypassStaging: boolean;
  /** A guard has tripped. The load fails when this throws, and goes on when it returns. */
  guardTripped(guard: Guard, error: OtcError): void;
  /**
   * The rows are staged, and their duplicates are about to be removed.
   *
   * @param possibleDuplicates how many staged rows have a key that may have come before
   */
  beforeDuplicates(
    transaction: Transaction,
    view: View,
    tables: LoadTables,
    possibleDuplicates: number,
  ): Promise<void>;
  /**
   * The delta is about to be applied.
   *
   * @returns statements that write down the changes of a range of the delta, as `applyDelta` runs them
   */
  beforeDelta(transaction: Transaction, view: View, tables: LoadTables): Promise<readonly string[]>;
  /** The delta is applied: what the database refused is not in it any more. */
  afterDelta(transaction: Transaction, view: View, tables: LoadTables): Promise<void>;
  /** Rows that are missing in the document are found, and removed if the view's mode says so. */
  afterMissing(transaction: Transaction, view: View, tables: LoadTables): Promise<void>;
}

/** A load that is to be committed: a guard fails it, and it may do everything. */
export const COMMITTING: LoadObserver = {
  archives: true,
  quarantines: true,
  mayBypassStaging: true,
  guardTripped: (_, error) => {
    throw error;
  },
  beforeDuplicates: () => Promise.resolve(),
  beforeDelta: () => Promise.resolve([]),
  afterDelta: () => Promise.resolve(),
  afterMissing: () => Promise.resolve(),
};

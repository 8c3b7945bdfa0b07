/** The kinds of changes that an adoption makes. */
type AdoptionChange =
  | "table_created"
  | "column_added"
  | "type_changed"
  | "old_column_kept"
  | "null_allowed"
  | "empty_keys_cleared"
  | "rows_moved"
  | "runs_taken_over"
  | "not_null_set"
  | "constraint_added"
  | "constraint_for_new_rows"
  | "index_added";

/** One change, as it is reported. */
export interface AdoptionStep {
  readonly table: string;
  readonly change: AdoptionChange;
  /** The column, constraint, index or table that it is about. */
  readonly subject: string;
  /** The number of rows concerned; null when the change does not concern rows. */
  readonly rows: number | null;
  readonly detail: string | null;
}

/** Called for every change, in order. */
export type Report = (step: Omit<AdoptionStep, "table">) => void;

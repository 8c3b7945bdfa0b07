/** A difference between the document's fields and those of the last committed load. */
export interface DriftWarning {
  readonly kind: "new_field" | "vanished_field" | "mostly_empty" | "swapped_fields";
  /** The API's names of the fields. */
  readonly fields: readonly string[];
  readonly message: string;
}

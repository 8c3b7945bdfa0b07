/** Something about the document's fields that was different at the last committed load. */
export interface DriftWarning {
  readonly kind: "new_field" | "vanished_field" | "mostly_empty" | "swapped_fields";
  /** The API's names. */
  readonly fields: readonly string[];
  readonly message: string;
}

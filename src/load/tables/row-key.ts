import { quoteIdentifier, quoteLiteral } from "../../database/identifier.ts";
import { keyColumns, type View } from "../../views/view.ts";

/** The key of a row: its columns and their values as text. */
export type RowKey = Readonly<Record<string, string | null>>;

/** An expression for a `RowKey` of a table's row. */
export function rowKeyOf(view: View, table: string): string {
  const pairs = keyColumns(view).map(
    ({ name }) => `${quoteLiteral(name)}, ${table}.${quoteIdentifier(name)}::text`,
  );
  return `json_build_object(${pairs.join(", ")})`;
}

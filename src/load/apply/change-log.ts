import { quoteIdentifier, quoteLiteral } from "../../database/identifier.ts";
import type { View } from "../../views/view.ts";
import { differs, isNewColumn } from "../classify/delta.ts";
import { isInRange } from "../tables/bisect-refused.ts";
import { inViewType } from "../tables/in-view-type.ts";
import { type LoadTables, sameKey } from "../tables/staging.ts";

/** A time as text says the same whatever the session's time zone and date style. */
const INSTANT_FORMAT = `'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'`;

/** Where changes are written down, and as what. */
interface ChangeLog {
  /** The table and its columns, quoted, as they stand after INSERT INTO. */
  readonly into: string;
  /** What goes there: of `d` (delta), `t` (target) and `change` (column_name, old_value, new_value). */
  readonly values: readonly string[];
}

/**
 * The statement that writes down the changes of a range of the delta (`isInRange`): a row for each of the columns in
 * which a row's new version differs. It reads the old version, so it has to run before the update.
 *
 * @param columns names of columns that an update writes; at least one
 */
export function changeLogStatement(
  view: View,
  tables: LoadTables,
  columns: readonly string[],
  { into, values }: ChangeLog,
): string {
  const changes = columns.map((name) => {
    const column = quoteIdentifier(name);
    const [before, after] = [asText(view, tables, name, "t"), asText(view, tables, name, "d")];
    return `(${quoteLiteral(name)}, ${before}, ${after}, ${differs(column, "d")})`;
  });
  return `
    insert into ${into}
    select ${values.join(", ")}
    from ${tables.delta} d
    join ${tables.target} t on ${sameKey(view, "d", "t", tables.notTexts)}
    cross join lateral (
      values ${changes.join(",\n        ")}
    ) as change (column_name, old_value, new_value, differs)
    where not d.${isNewColumn} and ${isInRange("d")} and change.differs`;
}

function asText(view: View, tables: LoadTables, name: string, alias: string): string {
  const column = view.columns.find((candidate) => candidate.name === name);
  if (column?.type !== "timestamp") return `${alias}.${quoteIdentifier(name)}::text`;
  return `to_char(${inViewType(column, tables, alias)} at time zone 'UTC', ${INSTANT_FORMAT})`;
}

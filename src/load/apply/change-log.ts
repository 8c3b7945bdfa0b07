import { quoteIdentifier, quoteLiteral } from "../../database/identifier.ts";
import type { View } from "../../views/view.ts";
import { differs, isNewColumn } from "../classify/comparison.ts";
import { isInRange } from "../tables/bisect-refused.ts";
import { inViewType } from "../tables/in-view-type.ts";
import { type LoadTables, movedFromColumn } from "../tables/load-tables.ts";
import { movingColumn, sameRow } from "../tables/same-row.ts";

/** A time as text says the same whatever the session's time zone and date style. */
const INSTANT_FORMAT = `'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'`;

/** Where changes are written down, and as what. */
interface ChangeLog {
  /** The table and its columns, quoted, as they stand after INSERT INTO. */
  readonly into: string;
  /** What goes there: of `d` (delta), `t` (target) and `change` (column_name, old_value, new_value). */
  readonly values: readonly string[];
}

/** A column, and SQL expressions for what becomes of its value. */
interface ColumnChange {
  readonly name: string;
  readonly before: string;
  readonly after: string;
  readonly differs: string;
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
  const changes = columns.map((name): ColumnChange => {
    const column = quoteIdentifier(name);
    const after = asText(view, tables, name, "d");
    // The row has been moved to the server of its record already.
    if (column === movingColumn(view, tables)) {
      return {
        name,
        before: `d.${movedFromColumn}::text`,
        after,
        differs: `d.${movedFromColumn} is not null`,
      };
    }
    return { name, before: asText(view, tables, name, "t"), after, differs: differs(column, "d") };
  });
  return `
    insert into ${into}
    select ${values.join(", ")}
    from ${tables.delta} d
    join ${tables.target} t on ${sameRow(view, tables, "d", "t")}
    cross join lateral unnest(
      ${arrayOf(changes.map(({ name }) => quoteLiteral(name)))}::text[], ${arrayOf(changes.map(({ before }) => before))},
      ${arrayOf(changes.map(({ after }) => after))}, ${arrayOf(changes.map((change) => change.differs))}
    ) as change (column_name, old_value, new_value, differs)
    where not d.${isNewColumn} and ${isInRange("d")} and change.differs`;
}

/** Lists instead of VALUES, in which a distributed query allows no function that depends on settings. */
function arrayOf(expressions: readonly string[]): string {
  return `array[${expressions.join(", ")}]`;
}

function asText(view: View, tables: LoadTables, name: string, alias: string): string {
  const column = view.columns.find((candidate) => candidate.name === name);
  if (column?.type !== "timestamp") return `${alias}.${quoteIdentifier(name)}::text`;
  return `to_char(${inViewType(column, tables, alias)} at time zone 'UTC', ${INSTANT_FORMAT})`;
}

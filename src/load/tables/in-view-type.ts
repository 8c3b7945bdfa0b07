import { quoteIdentifier } from "../../database/identifier.ts";
import { instantOf } from "../../database/wall-time.ts";
import type { Column } from "../../views/view.ts";
import { type LoadTables, sqlTypeOf } from "./load-tables.ts";

/**
 * An expression for a column of the target or the delta in the view's type, also where the target's type is another one.
 *
 * @param alias of the table
 */
export function inViewType({ name, type }: Column, { wallTimes }: LoadTables, alias: string): string {
  const value = `${alias}.${quoteIdentifier(name)}`;
  const zone = wallTimes.get(name);
  return zone === undefined ? `${value}::${sqlTypeOf(type)}` : instantOf(`${value}::timestamp`, zone);
}

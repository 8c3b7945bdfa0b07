import { qualifiedName, quoteIdentifier } from "../../src/database/identifier.ts";
import { viewCatalog, viewNamed } from "../../src/views/catalog.ts";
import type { View } from "../../src/views/view.ts";

export const SCHEMA = "servicedesk";

/** A view's table, quoted and with its schema. */
export function tableOf(view: string): string {
  return qualifiedName(SCHEMA, view);
}

/** The quoted columns of a view's table, in the order of the view's definition. */
export async function columnList(view: string): Promise<readonly string[]> {
  return [...(await definition(view)).columns.map(({ name }) => name), "extra"].map(quoteIdentifier);
}

/** The quoted key columns. */
export async function keyList(view: string): Promise<readonly string[]> {
  const { columns } = await definition(view);
  return columns.filter(({ key }) => key !== undefined).map(({ name }) => quoteIdentifier(name));
}

/** The quoted columns that an upsert of an existing row overwrites. */
export async function overwrittenList(view: string): Promise<readonly string[]> {
  const { columns } = await definition(view);
  const names = columns.filter(({ key, insertOnly }) => key === undefined && !insertOnly);
  return [...names.map(({ name }) => name), "extra"].map(quoteIdentifier);
}

async function definition(name: string): Promise<View> {
  return viewNamed(await viewCatalog(), name);
}

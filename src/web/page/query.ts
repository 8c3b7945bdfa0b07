import { parseWholeNumber } from "../../format/whole-number.ts";
import type { PageRequest } from "./page.ts";

/** The id of a row from the path or the query; 0, which no row has, for any other text. */
export function idOf(text: string): number {
  return parseWholeNumber(text) ?? 0;
}

/** A field of a form; undefined when it was left out or empty. */
export function fieldOf({ query }: Pick<PageRequest, "query">, name: string): string | undefined {
  const text = query.get(name)?.trim() ?? "";
  return text === "" ? undefined : text;
}

/** A field of a form that is the id of a row. */
export function idFieldOf(request: Pick<PageRequest, "query">, name: string): number | undefined {
  const text = fieldOf(request, name);
  return text === undefined ? undefined : idOf(text);
}

/** The address of a page with fields; those that are undefined are left out. */
export function addressOf(
  path: string,
  fields: Readonly<Record<string, string | number | undefined>>,
): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) query.set(name, String(value));
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}

import type { PageRequest } from "./page.ts";

/** A number of the path or the query that names a row; 0, which names none, for anything else that stands there. */
export function idOf(text: string): number {
  const id = /^\d+$/.test(text) ? Number(text) : 0;
  return Number.isSafeInteger(id) ? id : 0;
}

/** A field of a form; undefined when it was left out or empty. */
export function fieldOf({ query }: Pick<PageRequest, "query">, name: string): string | undefined {
  const text = query.get(name)?.trim() ?? "";
  return text === "" ? undefined : text;
}

/** The same as a number that names a row. */
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

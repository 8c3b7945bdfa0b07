import { parseWholeNumber } from "../../format/whole-number.ts";
import type { Page, PageRequest } from "./page.ts";

/** A query that no page can be read with. */
export class UnusableQuery extends Error {
  override readonly name = "UnusableQuery";
}

/**
 * The parameters that a page declares, in their normal form and in its order; the others are left out.
 *
 * @throws UnusableQuery for a text with U+0000, which no text of PostgreSQL contains
 */
export function readQuery(
  { parameters = {} }: Pick<Page, "parameters">,
  given: URLSearchParams,
): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, normalForm] of Object.entries(parameters)) {
    const text = given.get(name)?.trim() ?? "";
    if (text.includes("\0")) throw new UnusableQuery(`The parameter ${name} contains U+0000.`);
    const value = text === "" ? undefined : normalForm(text);
    if (value !== undefined) query.set(name, value);
  }
  return query;
}

/** The normal form of a parameter that may be any text. */
export function anyText(text: string): string {
  return text;
}

/** The normal form of a parameter that is the id of a row. */
export function idText(text: string): string {
  return String(idOf(text));
}

/** The id of a row from the path or the query; 0, which no row has, for any other text. */
export function idOf(text: string): number {
  return parseWholeNumber(text) ?? 0;
}

/** A field of a form; undefined when it was left out or empty. */
export function fieldOf({ query }: Pick<PageRequest, "query">, name: string): string | undefined {
  return query.get(name) ?? undefined;
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

import { viewCatalog, viewNamed } from "../../views/catalog.ts";
import type { View } from "../../views/view.ts";

/**
 * The views of these names, in the order of the catalogue; all of them when none is named.
 *
 * @throws OtcError `usage` when there is no such view
 */
export async function chosenViews(names: readonly string[]): Promise<readonly View[]> {
  const catalog = await viewCatalog();
  if (names.length === 0 || names.includes("all")) return catalog;
  const chosen = new Set(names.map((name) => viewNamed(catalog, name)));
  return catalog.filter((view) => chosen.has(view));
}

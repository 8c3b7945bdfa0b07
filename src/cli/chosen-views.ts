import { viewCatalog, viewNamed } from "../views/catalog.ts";
import type { View } from "../views/view.ts";

/** @throws OtcError `usage` when there is no such view */
export async function chosenViews(name: string): Promise<readonly View[]> {
  const catalog = await viewCatalog();
  return name === "all" ? catalog : [viewNamed(catalog, name)];
}

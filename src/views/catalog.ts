import { readdir } from "node:fs/promises";
import { closestName } from "../errors/closest-name.ts";
import { OtcError } from "../errors/otc-error.ts";
import type { View } from "./view.ts";

const DEFINITIONS = new URL("./definitions/", import.meta.url);

let loaded: Promise<readonly View[]> | undefined;

/**
 * Every view of `definitions/`, in the order of `load all`. The folder is the only list of views: a new view is one new
 * file there (and a migration for its table).
 */
export function viewCatalog(): Promise<readonly View[]> {
  loaded ??= readDefinitions();
  return loaded;
}

async function readDefinitions(): Promise<readonly View[]> {
  const files = (await readdir(DEFINITIONS)).filter((file) => /(?<!\.d)\.[jt]s$/.test(file));
  const views = await Promise.all(
    files.map(async (file) => {
      const module = (await import(new URL(file, DEFINITIONS).href)) as { default: View };
      return module.default;
    }),
  );
  return views.sort((a, b) => a.order - b.order);
}

/** @throws OtcError `usage` when no view has that name. */
export function viewNamed(views: readonly View[], name: string): View {
  const view = views.find((candidate) => candidate.name === name);
  if (view === undefined) {
    const names = views.map((known) => known.name);
    throw new OtcError("usage", `There is no view "${name}".`, { remedy: suggestion(name, names) });
  }
  return view;
}

function suggestion(name: string, known: readonly string[]): string {
  const closest = closestName(name, known);
  const guess = closest === undefined ? "" : `Did you mean "${closest}"? `;
  return `${guess}The views are ${known.join(", ")}.`;
}

import type { CommittedLoad } from "./outcome.ts";

/** What is suspicious about a document although it can be loaded: a sentence each. */
export function documentWarnings({
  source,
  fetched,
}: Pick<CommittedLoad, "source" | "fetched">): readonly string[] {
  if (fetched > 0) return [];
  return [
    `${source} holds no record: nothing was loaded. If there should be some, check how it was exported or ask the OTC team.`,
  ];
}

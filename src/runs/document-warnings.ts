import type { CommittedLoad } from "./outcome.ts";

/** Warnings about a document that was loaded, one sentence per warning. */
export function documentWarnings({
  source,
  fetched,
}: Pick<CommittedLoad, "source" | "fetched">): readonly string[] {
  if (fetched > 0) return [];
  return [
    `${source} contains no records, so nothing was loaded. If there should be some, check how it was exported or ask the OTC team.`,
  ];
}

import { shellArgument } from "../../format/shell-argument.ts";
import type { RunDetails } from "../../runs/queries/read-runs.ts";

/** The command that repeats a run; undefined when its record does not say how. */
export function repeatCommand({
  kind,
  view,
  source,
  archiveFile,
  runId,
}: Pick<RunDetails, "kind" | "view" | "source" | "archiveFile" | "runId">): string | undefined {
  switch (kind) {
    case "load":
      if (source === null || /^https?:/.test(source)) return `otc-etl load ${view}`;
      return `otc-etl load ${view} --from ${shellArgument(source)}`;
    case "replay":
      return archiveFile === null ? undefined : `otc-etl replay ${runId}`;
    case "import":
      return source === null ? undefined : `otc-etl import ${shellArgument(source)} --view ${view}`;
    case "retry":
      return `otc-etl rejects retry --view ${view}`;
    default:
      return kind satisfies never;
  }
}

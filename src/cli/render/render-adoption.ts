import type { AdoptionStep } from "../../adopt/adoption-step.ts";
import { formatCount } from "../../format/format.ts";
import { renderTable } from "./table.ts";

/** What the adoption does or would do, one line per change. */
export function renderAdoption(steps: readonly AdoptionStep[] | undefined, dryRun: boolean): string {
  if (steps === undefined) {
    return "Nothing to adopt: the database is migrated, or has no tables of an older script.\n";
  }
  const table = renderTable(
    [
      { title: "table" },
      { title: "change" },
      { title: "subject" },
      { title: "rows", align: "right" },
      { title: "detail" },
    ],
    steps.map((step) => [
      step.table,
      step.change.replaceAll("_", " "),
      step.subject,
      step.rows === null ? "" : formatCount(step.rows),
      step.detail ?? "",
    ]),
  );
  return `${table}\n${
    dryRun
      ? "Nothing was changed: `otc-etl migrate --adopt` makes these changes."
      : "The tables are adopted: `otc-etl load` can be run."
  }\n`;
}

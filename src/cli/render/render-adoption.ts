import type { AdoptionStep } from "../../adopt/adoption-step.ts";
import type { Layout } from "./layout.ts";
import { type Column, renderTable } from "./table.ts";

const COLUMNS: readonly Column<AdoptionStep>[] = [
  { title: "table", cell: ({ table }) => table },
  { title: "change", cell: ({ change }) => change.replaceAll("_", " ") },
  { title: "subject", shrinksTo: 16, cell: ({ subject }) => subject },
  { title: "rows", align: "right", cell: ({ rows }) => rows ?? "" },
  { title: "detail", shrinksTo: 12, rank: 1, cell: ({ detail }) => detail ?? "" },
];

/** What the adoption does or would do, one line per change. */
export function renderAdoption(
  steps: readonly AdoptionStep[] | undefined,
  dryRun: boolean,
  layout: Layout,
): string {
  if (steps === undefined) {
    return "Nothing to adopt: the database is migrated, or has no tables of an older script.\n";
  }
  return `${renderTable(COLUMNS, steps, layout)}\n${
    dryRun
      ? "Nothing was changed: `otc-etl migrate --adopt` makes these changes."
      : "The tables are adopted: `otc-etl load` can be run."
  }\n`;
}

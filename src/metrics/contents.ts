import { readTableSizes } from "../runs/queries/read-table-sizes.ts";
import type { Scrape } from "./scrape.ts";

/** The number of rows of each view, and of its records in quarantine. */
export async function addContents(scrape: Scrape): Promise<void> {
  const { exposition, database, views, healths } = scrape;
  const quarantine = exposition.gauge(
    "otc_etl_quarantine_records",
    ["view"],
    "Records in quarantine, of all runs.",
  );
  const tableRows = exposition.gauge(
    "otc_etl_table_rows",
    ["view"],
    "Rows in the view's table: as its last run counted them, else as PostgreSQL estimates; NaN when neither is known.",
  );
  const sizes = await readTableSizes(database, views);
  for (const { view, rejects } of healths) {
    quarantine.set({ view }, rejects);
    tableRows.set({ view }, sizes.get(view) ?? Number.NaN);
  }
}

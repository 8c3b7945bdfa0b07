import type { Scrape } from "./scrape.ts";

/** How much there is of each view, in its table and in quarantine. */
export async function addContents(scrape: Scrape): Promise<void> {
  const { exposition, views, healths, lastRuns } = scrape;
  const quarantine = exposition.gauge(
    "otc_etl_quarantine_records",
    ["view"],
    "Records in quarantine, of all runs.",
  );
  const tableRows = exposition.gauge(
    "otc_etl_table_rows",
    ["view"],
    "Rows in the view's table: as its last run counted them, else as PostgreSQL estimates; NaN when neither knows.",
  );
  const estimated = await estimatedRows(scrape);
  for (const { view, rejects } of healths) quarantine.set({ view }, rejects);
  for (const { name: view, table } of views) {
    const counted = lastRuns.find((run) => run.view === view)?.tableRows;
    tableRows.set({ view }, counted ?? estimated.get(table) ?? Number.NaN);
  }
}

/** By table. Its name stands in no statement: that would wait for a first load, which has the table to itself. */
async function estimatedRows({ database, schema, views }: Scrape): Promise<ReadonlyMap<string, number>> {
  const { rows } = await database.query<{ table: string; estimate: number }>(
    `select relname as "table", reltuples::float8 as estimate
     from pg_class join pg_namespace on pg_namespace.oid = relnamespace
     where nspname = $1 and relname = any($2::text[]) and reltuples >= 0`,
    [schema, views.map((view) => view.table)],
  );
  return new Map(rows.map(({ table, estimate }) => [table, estimate]));
}

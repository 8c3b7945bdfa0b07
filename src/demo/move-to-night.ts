import type { Database } from "../database/database.ts";
import { qualifiedName, quoteIdentifier } from "../database/identifier.ts";
import type { View } from "../views/view.ts";

/** The time of the database's clock, which loads use for timestamps. */
export async function databaseTime(database: Database): Promise<Date> {
  const { rows } = await database.query<{ time: Date }>(`select clock_timestamp() as "time"`);
  if (rows[0] === undefined) throw new Error("The database returned no time.");
  return rows[0].time;
}

/**
 * Moves the timestamps recorded since `began` back, so that they begin at `startsAt`. The loads themselves are real, only
 * their dates are not. All tables except those of the views are changed, by the same time: runs, rejected records,
 * requests, the circuit and the history.
 */
export async function moveToNight(
  database: Database,
  views: readonly View[],
  began: Date,
  startsAt: Date,
): Promise<void> {
  const { rows } = await database.query<{ table_name: string; columns: readonly string[] }>(
    `select table_name, array_agg(column_name::text) as columns
     from information_schema.columns join information_schema.tables using (table_schema, table_name)
     where table_schema = $1 and table_type = 'BASE TABLE' and data_type = 'timestamp with time zone'
       and table_name <> all($2::text[])
     group by table_name`,
    [database.schema, views.map((view) => view.table)],
  );
  const seconds = (began.getTime() - startsAt.getTime()) / 1000;
  await database.transaction(async (transaction) => {
    for (const { table_name, columns } of rows) {
      const names = columns.map(quoteIdentifier);
      const moved = names.map(
        (name) =>
          `${name} = case when ${name} >= $1 then ${name} - make_interval(secs => $2) else ${name} end`,
      );
      await transaction.query(
        `update ${qualifiedName(database.schema, table_name)} set ${moved.join(", ")}
         where greatest(${names.join(", ")}) >= $1`,
        [began, seconds],
      );
    }
  });
}

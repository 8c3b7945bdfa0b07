import type { Database } from "../database/database.ts";
import { qualifiedName } from "../database/identifier.ts";
import { requireMigrated } from "../database/migrations/migrations.ts";
import { hasCitus, readTableBackend } from "../database/table-backend.ts";
import type { View } from "../views/view.ts";
import { type CheckResult, failed, ok, skipped, warning } from "./check.ts";

/** Checks whether loads can work with the tables of views that Citus has spread over servers. */
export async function checkDistribution(database: Database, views: readonly View[]): Promise<CheckResult> {
  const name = "distribution";
  try {
    await requireMigrated(database);
  } catch {
    return skipped(name, "the tables are not up to date");
  }
  if (!(await hasCitus(database))) return ok(name, "the database is on one server");
  const findings: string[] = [];
  const others: string[] = [];
  for (const view of views) {
    const { distributedBy } = await readTableBackend(
      database,
      database.backend,
      qualifiedName(database.schema, view.table),
    );
    if (distributedBy === undefined) others.push(view.table);
    else if (distributedBy !== view.distribution?.column) {
      return failed(
        name,
        `${view.table} is distributed by ${distributedBy}`,
        `Loads work with ${view.distribution?.column ?? "no"} as its distribution column. Undistribute it with \`undistribute_table\`, and run \`otc-etl migrate --distribute\`.`,
      );
    } else findings.push(`${view.table} by ${distributedBy}`);
  }
  if (findings.length === 0) return ok(name, "the database has Citus, and no table is distributed");
  if (others.length > 0) {
    return warning(name, `not distributed: ${others.join(", ")}`, "Run `otc-etl migrate --distribute`.");
  }
  const unfit = await readUnfitServers(database);
  if (unfit !== undefined) {
    return failed(
      name,
      unfit,
      "Set max_prepared_transactions on each server to at least max_connections, and restart it: a load is committed on all servers by it.",
    );
  }
  const unfinished = await readUnfinishedTransaction(database);
  if (unfinished !== undefined) {
    return warning(
      name,
      unfinished,
      "Citus finishes it after `citus.recover_2pc_interval`, a minute by default. Until then, queries may not see all rows of the last load, and the next load waits. If it stays, a superuser can run `select recover_prepared_transactions()` on the coordinator.",
    );
  }
  return ok(name, findings.join("; "));
}

/** A commit takes milliseconds between its two phases. */
const LONGEST_COMMIT_SECONDS = 1;

/** What the loss of a server has left between the two phases of a commit; undefined when nothing is. */
async function readUnfinishedTransaction(database: Database): Promise<string | undefined> {
  const { rows } = await database.query<{ server: string; prepared: string }>(
    `select nodename || ':' || nodeport as "server", result as "prepared"
     from run_command_on_all_nodes(
       $$select min(prepared)::timestamptz(0) from pg_prepared_xacts
         where database = current_database() and prepared < now() - interval '${LONGEST_COMMIT_SECONDS} s'$$
     )
     join pg_catalog.pg_dist_node using (nodeid)
     where success and result <> ''
     order by 1`,
  );
  const [first] = rows;
  if (first === undefined) return undefined;
  return `${rows.map(({ server }) => server).join(" and ")} ${rows.length === 1 ? "has" : "have"} a prepared transaction that is not finished, since ${first.prepared}`;
}

/** Servers that cannot take part in a transaction of several; undefined when all can. */
async function readUnfitServers(database: Database): Promise<string | undefined> {
  const { rows } = await database.query<{ server: string; success: boolean; result: string }>(
    `select nodename || ':' || nodeport as "server", success, result
     from run_command_on_all_nodes('show max_prepared_transactions')
     join pg_catalog.pg_dist_node using (nodeid)
     order by 1`,
  );
  const unfit = rows.find(({ success, result }) => !success || result === "0");
  if (unfit === undefined) return undefined;
  return unfit.success
    ? `max_prepared_transactions is 0 on ${unfit.server}`
    : `server ${unfit.server} cannot be reached: ${unfit.result}`;
}

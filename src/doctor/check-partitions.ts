import type { Database } from "../database/database.ts";
import { qualifiedName } from "../database/identifier.ts";
import { requireMigrated } from "../database/migrations/migrations.ts";
import { readTableBackend } from "../database/table-backend.ts";
import { findRepeatedKeys } from "../database/unique-key.ts";
import { mayCreatePartitions, readDivision } from "../partitions/division.ts";
import { keyColumns, type View } from "../views/view.ts";
import { type CheckResult, failed, ok, skipped } from "./check.ts";

/** Checks whether loads can work with the tables of views that are partitioned. */
export async function checkPartitions(database: Database, views: readonly View[]): Promise<CheckResult> {
  const name = "partitions";
  try {
    await requireMigrated(database);
  } catch {
    return skipped(name, "the tables are not up to date");
  }
  const findings: string[] = [];
  for (const view of views) {
    const table = qualifiedName(database.schema, view.table);
    const { mayRepeatKeys, createsPartitions } = await readTableBackend(database, database.backend, table);
    if (!mayRepeatKeys) continue;
    const repeated = await findRepeatedKeys(
      database,
      table,
      keyColumns(view).map((column) => column.name),
    );
    if (repeated !== undefined) {
      return failed(name, repeated, "Loads refuse the table. Delete all but one row of each key.");
    }
    if (!createsPartitions) continue;
    const division = await readDivision(database, view);
    if (division !== undefined && !(await mayCreatePartitions(database))) {
      return failed(
        name,
        `the role may not create partitions of ${view.table}`,
        `Grant it: grant execute on function ${qualifiedName(database.schema, "create_partitions")} to <the role>`,
      );
    }
    findings.push(
      division === undefined
        ? `${view.table} as somebody has partitioned it`
        : `${view.table} by ${division.period} of ${division.column} (${division.timeZone})`,
    );
  }
  return ok(name, findings.length === 0 ? "no table is partitioned" : findings.join("; "));
}

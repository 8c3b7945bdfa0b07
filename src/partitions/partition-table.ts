import { DatabaseError } from "../database/database-error.ts";
import type { Database, Transaction } from "../database/database.ts";
import { qualifiedName, quoteIdentifier } from "../database/identifier.ts";
import { lockMigrations } from "../database/migrations/migrations.ts";
import { OtcError } from "../errors/otc-error.ts";
import { createPartitions, readDivision, recordDivision } from "./division.ts";
import type { PartitionRequest } from "./partition-request.ts";
import { readTableDefinition } from "./table-definition.ts";

/** What became of a table. */
export interface PartitionedTable {
  readonly view: string;
  readonly column: string;
  readonly period: string;
  readonly timeZone: string;
  /** Rows that were moved into partitions. */
  readonly rows: number;
  readonly partitions: readonly string[];
  /** Whether the table was divided in this way before, and nothing was done. */
  readonly wasPartitioned: boolean;
}

/**
 * Divides a view's table by time, with its rows, in one transaction. The new table has the name, columns, constraints,
 * indexes, triggers, comments and rights of the old one, and what reads the old one reads the new one. Queries of the table
 * wait until it is done.
 *
 * @param timeZone the zone in which a period begins and ends
 * @throws OtcError `migration` with the reasons when the table cannot be divided; `locked` while a load is running
 */
export async function partitionTable(
  database: Database,
  request: PartitionRequest,
  timeZone: string,
  signal: AbortSignal,
): Promise<PartitionedTable> {
  try {
    return await database.transaction(
      (transaction) => partitionWithin(transaction, request, timeZone),
      signal,
    );
  } catch (error) {
    // 42501: a view that reads the table may belong to another role.
    if (!(error instanceof DatabaseError) || !(error.isObjection || error.sqlState === "42501")) throw error;
    throw new OtcError("migration", `${request.view.name} could not be partitioned. ${error.message}`, {
      remedy: "Nothing was changed. Drop or change the object that the message names, and try again.",
      cause: error,
    });
  }
}

async function partitionWithin(
  transaction: Transaction,
  { view, column, period }: PartitionRequest,
  timeZone: string,
): Promise<PartitionedTable> {
  await lockMigrations(transaction);
  const known = await readDivision(transaction, view);
  const result = { view: view.name, column, period };
  if (known?.column === column) {
    return { ...result, timeZone: known.timeZone, rows: 0, partitions: [], wasPartitioned: true };
  }
  const table = qualifiedName(transaction.schema, view.table);
  const wholeName = `etl_whole_${view.table}`;
  const whole = qualifiedName(transaction.schema, wholeName);
  await transaction.query(`lock table ${table} in access exclusive mode`);
  const { owner, columns, properties, readers, obstacles } = await readTableDefinition(
    transaction,
    table,
    column,
  );
  if (obstacles.length > 0) {
    throw new OtcError("migration", `${view.name} cannot be partitioned: ${obstacles.join("; ")}.`, {
      remedy: "Nothing was changed. Remove what the message names, and try again.",
    });
  }
  await transaction.query(`alter table ${table} rename to ${quoteIdentifier(wholeName)}`);
  await transaction.query(
    `create table ${table} (
       like ${whole} including defaults including constraints including storage including compression including generated
       including comments including statistics
     ) partition by range (${quoteIdentifier(column)})`,
  );
  await takeRights(transaction, table);
  await transaction.query(`alter table ${table} owner to ${owner}`);
  await recordDivision(transaction, view, { column, period, timeZone });
  const partitions = await createPartitions(transaction, view, whole);
  const list = columns.join(", ");
  const moved = await transaction.query(`insert into ${table} (${list}) select ${list} from ${whole}`);
  for (const statement of readers) await transaction.script(statement);
  await transaction.query(`drop table ${whole}`);
  for (const statement of properties) await transaction.query(statement);
  await transaction.query(`analyze ${table}`);
  return { ...result, timeZone, rows: moved.rowCount, partitions, wasPartitioned: false };
}

/** A new table may have rights by default that the old one does not have. */
async function takeRights(transaction: Transaction, table: string): Promise<void> {
  const { rows } = await transaction.query<{ statement: string }>(
    `select distinct format(
       'revoke all on %s from %s', c.oid::regclass,
       case when acl.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(acl.grantee)) end
     ) as "statement"
     from pg_class c cross join lateral aclexplode(c.relacl) as acl
     where c.oid = $1::text::regclass and acl.grantee <> c.relowner`,
    [table],
  );
  for (const { statement } of rows) await transaction.query(statement);
}

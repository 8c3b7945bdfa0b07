import type { Database } from "../database/database.ts";
import { migrationStatus, requireMigrated } from "../database/migrations/migrations.ts";
import { readHealth } from "../runs/health/read-status.ts";
import { readCircuit } from "../throttle/read-circuit.ts";
import type { View } from "../views/view.ts";
import { type CheckResult, failed, ok, skipped, warning } from "./check.ts";
import { checkDistribution } from "./check-distribution.ts";
import { checkPartitions } from "./check-partitions.ts";
import { failure } from "./check-configuration.ts";
import { formatNumberOf } from "../format/format.ts";

/** The versions that the tests run on, as in `server_version_num`. */
const OLDEST_VERSION = 150_000;
const FIRST_UNTESTED_VERSION = 190_000;

/** A larger difference of the two clocks makes ages and run times unreliable, in milliseconds. */
const MAX_CLOCK_DIFFERENCE_MS = 60_000;

/** Checks whether the database can be reached, has the expected version and tables, and grants what a load needs. */
export async function checkDatabase(
  open: () => Promise<Database>,
  views: readonly View[],
): Promise<readonly CheckResult[]> {
  let database: Database;
  let server: ServerFacts;
  try {
    database = await open();
    server = await readServerFacts(database);
  } catch (error) {
    return [failure("database", error)];
  }
  return [
    ok("database", database.location),
    checkVersion(server),
    checkEncoding(server),
    checkClock(server),
    await checkRecordedTimes(database, views),
    await checkMigrations(database),
    await checkRights(database, views),
    await checkPartitions(database, views),
    await checkDistribution(database, views),
    await checkMissingRights(database, views),
    await checkOwner(database),
  ];
}

interface ServerFacts {
  readonly version: string;
  readonly versionNumber: number;
  readonly encoding: string;
  readonly now: Date;
  readonly standby: boolean;
}

async function readServerFacts(database: Database): Promise<ServerFacts> {
  const { rows } = await database.query<ServerFacts>(
    `select
       current_setting('server_version') as "version",
       current_setting('server_version_num')::integer as "versionNumber",
       current_setting('server_encoding') as "encoding",
       clock_timestamp() as "now",
       pg_is_in_recovery() as "standby"`,
  );
  if (rows[0] === undefined) throw new Error("The server did not answer.");
  return rows[0];
}

function checkVersion({ version, versionNumber, standby }: ServerFacts): CheckResult {
  const name = "server version";
  if (standby) return failed(name, `${version}, a read-only standby`, "Point OTC_PG_HOST at the primary.");
  if (versionNumber < OLDEST_VERSION) return failed(name, version, "otc-etl needs PostgreSQL 15 or newer.");
  if (versionNumber >= FIRST_UNTESTED_VERSION) {
    return warning(name, version, "It is newer than the versions that otc-etl is tested with (15 to 18).");
  }
  return ok(name, version);
}

function checkEncoding({ encoding }: ServerFacts): CheckResult {
  if (encoding === "UTF8") return ok("encoding", encoding);
  return failed(
    "encoding",
    encoding,
    "Tickets may contain any language: create the database with encoding UTF8.",
  );
}

function checkClock({ now }: ServerFacts): CheckResult {
  const difference = Math.abs(Date.now() - now.getTime());
  const finding = `${(difference / 1000).toFixed(1)} s difference to the database's clock`;
  if (difference <= MAX_CLOCK_DIFFERENCE_MS) return ok("clock", finding);
  return warning("clock", finding, "Synchronise the clocks of both machines by NTP.");
}

/** Checks whether a clock that jumped has left times in the future. */
async function checkRecordedTimes(database: Database, views: readonly View[]): Promise<CheckResult> {
  const name = "recorded times";
  try {
    await requireMigrated(database);
  } catch {
    return skipped(name, "the tables are not up to date");
  }
  const loads = (await readHealth(database, views, 0)).flatMap(({ view, futureLoad }) =>
    futureLoad === null ? [] : [`run ${futureLoad.runId} of ${view} at ${futureLoad.time.toISOString()}`],
  );
  const { futureRequests, lastFutureRequestAt } = await readCircuit(database);
  const requests =
    lastFutureRequestAt === null
      ? []
      : [
          `${formatNumberOf(futureRequests, "request")} to OTC, the last one at ${lastFutureRequestAt.toISOString()}`,
        ];
  const found = [...loads, ...requests];
  if (found.length === 0) return ok(name, "none is in the future");
  return warning(
    name,
    `in the future, and ignored: ${found.join("; ")}`,
    "Check the clock of the database server. A run counts no longer after the next load; delete the requests from etl_requests.",
  );
}

async function checkMigrations(database: Database): Promise<CheckResult> {
  try {
    const states = await migrationStatus(database);
    const pending = states.filter((state) => state.appliedAt === null).length;
    if (pending === 0) return ok("migrations", `all ${states.length} applied`);
    return failed("migrations", `${pending} of ${states.length} pending`, "Run `otc-etl migrate`.");
  } catch (error) {
    return failure("migrations", error);
  }
}

/** Checks the rights that a load needs: to create staging tables, to read and write the tables, and to refresh derived tables. */
async function checkRights(database: Database, views: readonly View[]): Promise<CheckResult> {
  const name = "rights";
  const tables = [...views.map((view) => view.table), "etl_metadata", "etl_rejects", "etl_run_totals"];
  const histories = views.flatMap(({ history }) => history?.table ?? []);
  const functions = [...new Set(views.flatMap((view) => view.refreshes))];
  const { rows } = await database.query<{ missing: string }>(
    `select format('%s on %s', privilege, relation) as missing
     from unnest($2::text[]) as relation
     cross join unnest(array['SELECT', 'INSERT', 'UPDATE']) as privilege
     where to_regclass(format('%I.%I', $1::text, relation)) is not null
       and not has_table_privilege(format('%I.%I', $1::text, relation), privilege)
     union all
     select format('INSERT on %s', relation)
     from unnest($4::text[]) as relation
     where to_regclass(format('%I.%I', $1::text, relation)) is not null
       and not has_table_privilege(format('%I.%I', $1::text, relation), 'INSERT')
     union all
     select format('EXECUTE on %s()', refresh)
     from unnest($3::text[]) as refresh
     where to_regprocedure(format('%I.%I()', $1::text, refresh)) is not null
       and not has_function_privilege(format('%I.%I()', $1::text, refresh), 'EXECUTE')
     union all
     select 'CREATE on schema'
     from pg_namespace
     where nspname = $1 and not has_schema_privilege(oid, 'CREATE')`,
    [database.schema, tables, functions, histories],
  );
  const { rows: schemas } = await database.query("select from pg_namespace where nspname = $1", [
    database.schema,
  ]);
  if (schemas.length === 0) return skipped(name, `the schema ${database.schema} does not exist yet`);
  if (rows.length === 0) return ok(name, "to read and write the tables and to create staging tables");
  return failed(
    name,
    `missing: ${rows.map((row) => row.missing).join(", ")}`,
    'Grant them to the role; docs/operations.md lists them under "Rights".',
  );
}

/** Checks the rights that a load needs to keep account of missing rows and to move them. Without them, the rows stay. */
async function checkMissingRights(database: Database, views: readonly View[]): Promise<CheckResult> {
  const name = "missing rows";
  const tables = views.filter((view) => view.missing !== undefined).map((view) => view.table);
  const { rows } = await database.query<{ lacking: string }>(
    `select format('%s on %s', privilege, relation) as lacking
     from (
       select 'DELETE', unnest($2::text[])
       union all
       select privilege, relation
       from unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE']) as privilege
       cross join unnest($3::text[]) as relation
     ) as needed (privilege, relation)
     where to_regclass(format('%I.%I', $1::text, relation)) is not null
       and not has_table_privilege(format('%I.%I', $1::text, relation), privilege)`,
    [database.schema, tables, ["etl_missing", ...tables.map((table) => `${table}_deleted`)]],
  );
  if (rows.length === 0) return ok(name, "the role may move rows that OTC no longer sends");
  return warning(
    name,
    `rights are missing: ${rows.map(({ lacking }) => lacking).join(", ")}`,
    'Rows that OTC no longer sends stay in the tables. Grant the rights that docs/operations.md lists under "Rights".',
  );
}

/** Checks which role our functions run as, and whether other roles can abuse that. */
async function checkOwner(database: Database): Promise<CheckResult> {
  const name = "owner";
  if (!database.backend.roles) return skipped(name, "the database has one role only");
  const { rows } = await database.query<{ owner: string; superuser: boolean; abusable: boolean }>(
    `select rolname as "owner", rolsuper as "superuser", bool_or(abusable) as "abusable"
     from (
       select nspowner as role, false as abusable from pg_namespace where nspname = $1
       union all
       select proowner, proname = 'add_run_to_totals'
       from pg_proc join pg_namespace on pg_namespace.oid = pronamespace
       where nspname = $1 and prosecdef
     ) as owners
     join pg_roles on pg_roles.oid = role
     group by rolname, rolsuper
     order by "abusable" desc, "superuser" desc, rolname`,
    [database.schema],
  );
  const abusable = rows.find((row) => row.abusable);
  if (abusable !== undefined) {
    return warning(
      name,
      `roles that can read the schema can act as its owner, ${abusable.owner}: function add_run_to_totals runs as it`,
      "Run `otc-etl migrate`.",
    );
  }
  const superuser = rows.find((row) => row.superuser);
  if (superuser === undefined) return ok(name, rows.map(({ owner }) => owner).join(", ") || "no schema yet");
  return warning(
    name,
    `${superuser.owner} is a superuser, and functions of otc-etl run as it`,
    'Change the owner of the schema and its objects to a role that is not a superuser; docs/operations.md shows how under "Roles".',
  );
}

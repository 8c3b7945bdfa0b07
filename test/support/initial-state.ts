// cspell:words authid condeferrable conbin conkey indoption proacl relforcerowsecurity sequencename starelid
// cspell:words typacl typname typnamespace typtype unlisten
import type { Queryable } from "../../src/database/database.ts";
import { quoteLiteral } from "../../src/database/identifier.ts";

/** The relations of users, as the catalog has them. */
const NAMESPACES =
  "(select oid from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema')";
const RELATIONS = `(select oid from pg_class where relkind in ('r', 'p', 'v', 'm', 'f') and relnamespace in ${NAMESPACES})`;

/**
 * One line for everything that is defined in the database: by names and contents where a load defines it anew (an index that
 * it drops for a first load and builds again has another OID), else by OID and `xmin`, which any change of the row changes.
 */
const DEFINITIONS = `
  select concat_ws('|', 'class', relname, relnamespace, relkind, relpersistence, relowner, relacl, reloptions, relispartition,
      relrowsecurity, relforcerowsecurity, relreplident, relhastriggers)
    from pg_class where relnamespace in ${NAMESPACES}
  union all
  select concat_ws('|', 'attribute', attrelid, attnum, xmin)
    from pg_attribute where attrelid in ${RELATIONS} and attnum > 0
  union all
  select concat_ws('|', 'constraint', conname, conrelid, contype, convalidated, condeferrable, conkey, confrelid, conbin)
    from pg_constraint where connamespace in ${NAMESPACES}
  union all
  select concat_ws('|', 'index', indrelid, indkey, indclass, indoption, indisunique, indnullsnotdistinct, indisvalid,
      indisclustered, indisreplident, indexprs, indpred)
    from pg_index where indrelid in ${RELATIONS}
  union all
  select concat_ws('|', 'trigger', oid, xmin) from pg_trigger where not tgisinternal
  union all
  select concat_ws('|', 'type', typname, typtype, typnamespace, typacl) from pg_type where typnamespace in ${NAMESPACES}
  union all
  select concat_ws('|', 'function', oid, xmin) from pg_proc where pronamespace in ${NAMESPACES} or proacl is not null
  ${[
    "attrdef",
    "rewrite",
    "namespace",
    "policy",
    "statistic_ext",
    "extension",
    "event_trigger",
    "default_acl",
    "authid",
    "database",
  ]
    .map((catalog) => `union all select concat_ws('|', '${catalog}', oid, xmin) from pg_${catalog}`)
    .join("\n")}
  ${["auth_members", "db_role_setting"]
    .map((catalog) => `union all select concat_ws('|', '${catalog}', row.*) from pg_${catalog} as row`)
    .join("\n")}`;

const FINGERPRINT = `select count(*)::text || ' ' || sum(hashtextextended(line, 0))::text as fingerprint
  from (${DEFINITIONS}) as definition (line)`;

/** What a session keeps from one transaction to the next. */
const RESET_SESSION = `
  reset session authorization;
  reset all;
  close all;
  unlisten *;
  discard temp;
  discard sequences;
  select pg_advisory_unlock_all();`;

/** A table that has rows from the start, and all of them as JSON. */
interface Seed {
  readonly table: string;
  readonly rows: string;
}

/** What is in a database before its first test, to bring it back to that after each one. */
export interface InitialState {
  readonly fingerprint: string;
  /** The tables without rows. */
  readonly empty: readonly string[];
  readonly seeds: readonly Seed[];
  readonly sequences: string;
}

export async function initialStateOf(database: Queryable): Promise<InitialState> {
  const { rows: tables } = await database.query<{ name: string; size: number }>(
    `select oid::regclass::text as name, pg_relation_size(oid) as size from pg_class
     where relkind = 'r' and relnamespace in ${NAMESPACES} order by 1`,
  );
  const seeds: Seed[] = [];
  for (const { name } of tables.filter(({ size }) => size > 0)) {
    seeds.push({ table: name, rows: await contentOf(database, name) });
  }
  return {
    fingerprint: await fingerprintOf(database),
    empty: tables.filter(({ size }) => size === 0).map(({ name }) => name),
    seeds,
    sequences: await sequencesOf(database),
  };
}

/**
 * Brings back the rows, the sequences and the session, and forgets the statistics.
 *
 * @param database that nobody else uses, with the session of a superuser
 * @returns false when something is defined otherwise than at first: the database cannot be used again
 */
export async function restoreInitialState(database: Queryable, initial: InitialState): Promise<boolean> {
  await database.script(RESET_SESSION);
  if ((await fingerprintOf(database)) !== initial.fingerprint) return false;
  const filled = await filledTables(database, initial.empty);
  if (filled.length > 0) await database.script(`truncate ${filled.join(", ")} restart identity cascade`);
  for (const { table, rows } of initial.seeds) {
    if ((await contentOf(database, table)) === rows) continue;
    await database.script(
      `truncate ${table} cascade;
       insert into ${table} overriding system value
         select * from jsonb_populate_recordset(null::${table}, ${quoteLiteral(rows)}::jsonb)`,
    );
  }
  // What ANALYZE found in the rows that are gone.
  await database.script("delete from pg_statistic where starelid >= 16384");
  if ((await sequencesOf(database)) !== initial.sequences) {
    await database.script(
      `select setval(name::regclass, coalesce(value, start), value is not null)
       from jsonb_to_recordset(${quoteLiteral(initial.sequences)}::jsonb) as sequence (name text, start bigint, value bigint)`,
    );
  }
  return true;
}

/** Of a table whose rows were all deleted, pages remain; a load takes it for one that has been used. */
async function filledTables(database: Queryable, empty: readonly string[]): Promise<readonly string[]> {
  const names = empty.map(quoteLiteral).join(", ");
  const { rows } = await database.query<{ name: string }>(
    `select name from unnest(array[${names}]::text[]) as name where pg_relation_size(name::regclass) > 0`,
  );
  return rows.map(({ name }) => name);
}

async function fingerprintOf(database: Queryable): Promise<string> {
  const { rows } = await database.query<{ fingerprint: string }>(FINGERPRINT);
  return rows[0]?.fingerprint ?? "";
}

async function contentOf(database: Queryable, table: string): Promise<string> {
  const { rows } = await database.query<{ content: string | null }>(
    `select jsonb_agg(record order by record::text)::text as content from ${table} as record`,
  );
  return rows[0]?.content ?? "[]";
}

async function sequencesOf(database: Queryable): Promise<string> {
  const { rows } = await database.query<{ sequences: string | null }>(
    `select jsonb_agg(jsonb_build_object('name', format('%I.%I', schemaname, sequencename), 'start', start_value,
       'value', last_value) order by schemaname, sequencename)::text as sequences from pg_sequences`,
  );
  return rows[0]?.sequences ?? "[]";
}

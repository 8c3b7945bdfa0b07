import type { Queryable } from "../../database/database.ts";
import { qualifiedName } from "../../database/identifier.ts";

/** All actions. */
export const MISSING_ACTIONS = ["reported", "soft-deleted", "archived", "restored"] as const;

/** What was done with a row that is missing at the source; null while only one document did not contain it. */
type MissingAction = (typeof MISSING_ACTIONS)[number];

/** A row that the documents of its view do not contain although they should. */
export interface MissingRow {
  readonly missingId: number;
  readonly view: string;
  /** The key columns and their values. */
  readonly key: Readonly<Record<string, unknown>>;
  readonly firstRunId: number;
  readonly missingRunId: number | null;
  readonly missingAt: Date | null;
  readonly action: MissingAction | null;
  readonly reason: "missing" | "rekeyed" | null;
  /** The key under which it came again, if it was rekeyed. */
  readonly newKey: Readonly<Record<string, unknown>> | null;
  /** Why it could not be removed. */
  readonly problem: string | null;
}

/** How many rows of a view are on record. */
export interface MissingCount {
  readonly view: string;
  readonly action: MissingAction | null;
  readonly reason: MissingRow["reason"];
  readonly rows: number;
}

/** Which rows to read. */
export interface MissingFilter {
  readonly view?: string;
  readonly action?: MissingAction;
  /** Leaves out the rows with which this was done. */
  readonly excluding?: MissingAction;
  readonly reason?: "missing" | "rekeyed";
}

const COLUMNS = `missing_id as "missingId", view_name as "view", record_key as "key", first_run_id as "firstRunId",
  missing_run_id as "missingRunId", missing_at as "missingAt", action, reason, new_key as "newKey", problem`;

const CONDITION = `($1::text is null or view_name = $1::text) and ($2::text is null or action = $2::text)
  and ($3::text is null or action is distinct from $3::text) and ($4::text is null or reason = $4::text)`;

function parametersOf({ view, action, excluding, reason }: MissingFilter): readonly (string | null)[] {
  return [view ?? null, action ?? null, excluding ?? null, reason ?? null];
}

/** The table of missing rows, quoted and with its schema. */
function missingTable(schema: string): string {
  return qualifiedName(schema, "etl_missing");
}

/**
 * The newest first.
 *
 * @param before only rows with a lower id, for the next page
 */
export async function readMissing(
  database: Queryable,
  filter: MissingFilter,
  limit: number,
  before?: number,
): Promise<readonly MissingRow[]> {
  const { rows } = await database.query<MissingRow>(
    `select ${COLUMNS} from ${missingTable(database.schema)}
     where ${CONDITION} and ($5::bigint is null or missing_id < $5::bigint)
     order by missing_id desc limit $6`,
    [...parametersOf(filter), before ?? null, limit],
  );
  return rows;
}

/** By view and what was done with the rows. */
export async function countMissing(
  database: Queryable,
  filter: MissingFilter,
): Promise<readonly MissingCount[]> {
  const { rows } = await database.query<MissingCount>(
    `select view_name as "view", action, reason, count(*) as "rows"
     from ${missingTable(database.schema)} where ${CONDITION}
     group by 1, 2, 3 order by 1, 2 nulls first, 3`,
    parametersOf(filter),
  );
  return rows;
}

/** One row; undefined when it is not on record. */
export async function readMissingRow(
  database: Queryable,
  missingId: number,
): Promise<MissingRow | undefined> {
  const { rows } = await database.query<MissingRow>(
    `select ${COLUMNS} from ${missingTable(database.schema)} where missing_id = $1`,
    [missingId],
  );
  return rows[0];
}

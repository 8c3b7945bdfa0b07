import type { Queryable } from "../database/database.ts";
import { qualifiedName } from "../database/identifier.ts";
import { OtcError } from "../errors/otc-error.ts";

/** The full name of a user name, and its source. */
export interface User {
  readonly username: string;
  readonly fullName: string;
  readonly source: "manual" | "timesheets" | "matched";
  readonly updatedAt: Date;
}

/** A name on which records disagree. */
export interface UserConflict {
  /** Which of the two names has several counterparts. */
  readonly kind: "username" | "full name";
  readonly name: string;
  readonly candidates: readonly string[];
  /** The counterpart in the lookup; null when it has none. */
  readonly chosen: string | null;
}

/** All known users, ordered by user name. */
export async function readUsers(database: Queryable): Promise<readonly User[]> {
  const { rows } = await database.query<User>(
    `select username as "username", full_name as "fullName", source as "source", updated_at as "updatedAt"
     from ${qualifiedName(database.schema, "user_lookup")}
     order by username`,
  );
  return rows;
}

/** The conflicts that no manual entry has resolved yet. */
export async function readUserConflicts(database: Queryable): Promise<readonly UserConflict[]> {
  const { rows } = await database.query<UserConflict>(
    `select kind as "kind", name as "name", candidates as "candidates", chosen as "chosen"
     from ${qualifiedName(database.schema, "v_user_conflicts")}
     order by kind desc, name`,
  );
  return rows;
}

/**
 * Makes a manual entry, which no load overwrites.
 *
 * @throws OtcError `usage` when a name is empty
 */
export async function setUser(
  database: Queryable,
  { username, fullName }: Pick<User, "username" | "fullName">,
): Promise<void> {
  if (username.trim() === "" || fullName.trim() === "") {
    throw new OtcError("usage", "A name is empty.", {
      remedy: 'Give a user name and a full name, as in `otc-etl users set ahofer "Anna Hofer"`.',
    });
  }
  await database.query(
    `insert into ${qualifiedName(database.schema, "user_lookup")} as known (username, full_name, source, updated_at)
     values ($1, $2, 'manual', now())
     on conflict (username) do update
     set full_name = excluded.full_name, source = excluded.source, updated_at = excluded.updated_at
     where (known.full_name, known.source) is distinct from (excluded.full_name, excluded.source)`,
    [username, fullName],
  );
}

/**
 * Removes a manual entry. Call {@link refreshUsers} afterwards, because records may contain the user.
 *
 * @throws OtcError `usage` when there is no such entry
 */
export async function unsetUser(database: Queryable, username: string): Promise<void> {
  const { rowCount } = await database.query(
    `delete from ${qualifiedName(database.schema, "user_lookup")} where username = $1 and source = 'manual'`,
    [username],
  );
  if (rowCount === 0) {
    throw new OtcError("usage", `There is no manual entry for "${username}".`, {
      remedy: "`otc-etl users` lists the entries and their sources.",
    });
  }
}

/** Brings the lookup up to date with the records, as every load does. @returns how many entries changed */
export async function refreshUsers(database: Queryable): Promise<number> {
  const { rows } = await database.query<{ changed: number }>(
    `select ${qualifiedName(database.schema, "refresh_user_lookup")}() as changed`,
  );
  return rows[0]?.changed ?? 0;
}

import type { Queryable } from "../database/database.ts";
import { qualifiedName } from "../database/identifier.ts";
import { OtcError } from "../errors/otc-error.ts";

/** Whom a user name stands for, and how we know. */
export interface User {
  readonly username: string;
  readonly fullName: string;
  readonly source: "manual" | "timesheets" | "matched";
  readonly updatedAt: Date;
}

/** Records that do not agree who is who. */
export interface UserConflict {
  /** Which of the two has several of the other. */
  readonly kind: "username" | "full name";
  readonly name: string;
  readonly candidates: readonly string[];
  /** What the lookup goes by; null when it does not guess. */
  readonly chosen: string | null;
}

/** Every user that is known, by user name. */
export async function readUsers(database: Queryable): Promise<readonly User[]> {
  const { rows } = await database.query<User>(
    `select username as "username", full_name as "fullName", source as "source", updated_at as "updatedAt"
     from ${qualifiedName(database.schema, "user_lookup")}
     order by username`,
  );
  return rows;
}

/** What no manual entry has settled yet. */
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
    `insert into ${qualifiedName(database.schema, "user_lookup")} as known (username, full_name, source)
     values ($1, $2, 'manual')
     on conflict (username) do update
     set full_name = excluded.full_name, source = excluded.source, updated_at = now()
     where (known.full_name, known.source) is distinct from (excluded.full_name, excluded.source)`,
    [username, fullName],
  );
}

/**
 * Takes a manual entry back. Run {@link refreshUsers} afterwards: the records may know the user.
 *
 * @throws OtcError `usage` when there is none
 */
export async function unsetUser(database: Queryable, username: string): Promise<void> {
  const { rowCount } = await database.query(
    `delete from ${qualifiedName(database.schema, "user_lookup")} where username = $1 and source = 'manual'`,
    [username],
  );
  if (rowCount === 0) {
    throw new OtcError("usage", `There is no manual entry for "${username}".`, {
      remedy: "`otc-etl users` lists the entries and where they come from.",
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

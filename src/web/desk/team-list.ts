import type { Queryable } from "../../database/database.ts";
import { qualifiedName } from "../../database/identifier.ts";

/** A team that reports show. */
export interface Team {
  /** A value of "TKT-Team". */
  readonly team: string;
  /** The display name. */
  readonly name: string;
}

/** Reads the active teams, ordered by name. */
export async function readTeams(database: Queryable): Promise<readonly Team[]> {
  const { rows } = await database.query<Team>(
    `select team, coalesce(display_name, team) as name from ${qualifiedName(database.schema, "teams")} where active order by name, team`,
  );
  return rows;
}

/** Reads a team, active or not; undefined when there is none. */
export async function readTeamNamed(database: Queryable, team: string): Promise<Team | undefined> {
  const { rows } = await database.query<Team>(
    `select team, coalesce(display_name, team) as name from ${qualifiedName(database.schema, "teams")} where team = $1`,
    [team],
  );
  return rows[0];
}

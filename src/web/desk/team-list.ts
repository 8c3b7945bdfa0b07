import type { Queryable } from "../../database/database.ts";
import { qualifiedName } from "../../database/identifier.ts";

/** A team that reports show. */
export interface Team {
  /** As "TKT-Team" has it. */
  readonly team: string;
  /** What people call it. */
  readonly name: string;
}

/** In the order of their names; without those that were set aside. */
export async function readTeams(database: Queryable): Promise<readonly Team[]> {
  const { rows } = await database.query<Team>(
    `select team, coalesce(display_name, team) as name from ${qualifiedName(database.schema, "teams")} where active order by name, team`,
  );
  return rows;
}

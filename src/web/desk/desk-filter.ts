import { fieldOf } from "../page/query.ts";
import type { PageRequest } from "../page/page.ts";

/** The periods to choose from, in weeks; `team_hours` covers little more than the longest. */
export const PERIODS = [4, 13] as const;

/** The choices in the form of the page. */
export interface DeskFilter {
  /** A value of "TKT-Team"; undefined for all teams. */
  readonly team: string | undefined;
  /** The period of the hours and of the status changes. */
  readonly weeks: (typeof PERIODS)[number];
}

export function deskFilterOf(request: Pick<PageRequest, "query">): DeskFilter {
  const weeks = Number(fieldOf(request, "weeks"));
  return {
    team: fieldOf(request, "team"),
    weeks: PERIODS.find((period) => period === weeks) ?? PERIODS[0],
  };
}

import { fieldOf } from "../page/query.ts";
import type { PageRequest } from "../page/page.ts";

/** Weeks that can be looked back on; `team_hours` goes back little further than the longest. */
export const PERIODS = [4, 13] as const;

/** What the page was asked for. */
export interface DeskFilter {
  /** As "TKT-Team" has it; undefined for all teams. */
  readonly team: string | undefined;
  /** Of what was booked, and of what tickets went through. */
  readonly weeks: (typeof PERIODS)[number];
}

export function deskFilterOf(request: Pick<PageRequest, "query">): DeskFilter {
  const weeks = Number(fieldOf(request, "weeks"));
  return {
    team: fieldOf(request, "team"),
    weeks: PERIODS.find((period) => period === weeks) ?? PERIODS[0],
  };
}

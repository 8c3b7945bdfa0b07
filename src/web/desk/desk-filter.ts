import { addressOf, fieldOf } from "../page/query.ts";
import type { PageRequest } from "../page/page.ts";

/** The periods to choose from, in weeks; `team_hours` covers little more than the longest, `timesheet_overlap_days` not more. */
export const PERIODS = [4, 13] as const;

/** The choices in the form of the page. */
export interface DeskFilter {
  /** A value of "TKT-Team"; undefined for all teams. */
  readonly team: string | undefined;
  /** The period of the hours and of the status changes. */
  readonly weeks: (typeof PERIODS)[number];
}

export function deskFilterOf(request: Pick<PageRequest, "query">): DeskFilter {
  return {
    team: fieldOf(request, "team"),
    weeks: periodOf(fieldOf(request, "weeks") ?? "") ?? PERIODS[0],
  };
}

/** The address of the page with one team and the same period, for its bar; nothing if the team is not known. */
export function linkToTeam(team: string | null, { weeks }: DeskFilter): { readonly href?: string } {
  return team === null ? {} : { href: addressOf("/desk", { team, weeks }) };
}

/** What the parameter `weeks` becomes that names no period, whichever text it was. */
const NO_PERIOD = "none";

/** The normal form of the parameter `weeks`. */
export function periodText(text: string): string {
  return periodOf(text)?.toString() ?? NO_PERIOD;
}

/** What is wrong with the period of a request, in a sentence; undefined if nothing is. */
export function periodProblem(request: Pick<PageRequest, "query">): string | undefined {
  if (fieldOf(request, "weeks") !== NO_PERIOD) return undefined;
  return `There is no such period. Choose the last ${PERIODS.join(" or ")} weeks.`;
}

/** The period of a text; undefined for any other number of weeks. */
function periodOf(text: string): DeskFilter["weeks"] | undefined {
  return PERIODS.find((period) => period === Number(text));
}

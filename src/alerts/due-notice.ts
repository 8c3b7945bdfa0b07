import type { AlertState } from "./alert-state.ts";

/** A condition that comes and goes is told at most once in this time, with the end of it; in milliseconds. */
const PAUSE_MS = 3_600_000;

/** What a look at a condition calls for. */
interface Finding {
  /** What is to be remembered in any case. */
  readonly seen: AlertState;
  /** What is to be told, and remembered once it has been; undefined when there is no news. */
  readonly due: { readonly news: "broken" | "well"; readonly told: AlertState } | undefined;
}

/**
 * Whether there is something to tell of a condition. What could not be told stays due; an end is told only to those who
 * were told of the break.
 *
 * @param broken whether the condition holds now
 */
export function dueNotice(state: AlertState, broken: boolean, now: Date): Finding {
  if (!broken) {
    const well = { ...state, told: false, brokenSince: null };
    return state.told ? { seen: state, due: { news: "well", told: well } } : { seen: well, due: undefined };
  }
  const seen = { ...state, brokenSince: state.brokenSince ?? now };
  const tooSoon = state.toldAt !== null && now.getTime() - state.toldAt.getTime() < PAUSE_MS;
  if (state.told || tooSoon) return { seen, due: undefined };
  return { seen, due: { news: "broken", told: { ...seen, told: true, toldAt: now } } };
}

import type { AlertState } from "./alert-state.ts";

/** The shortest time between two alerts that one condition holds, in milliseconds. */
const PAUSE_MS = 3_600_000;

/** The result of checking a condition. */
interface Finding {
  /** The state to save if no alert is delivered. */
  readonly seen: AlertState;
  /** The alert to send, and the state to save once it is delivered; undefined when none is due. */
  readonly due: { readonly news: "broken" | "recovered"; readonly told: AlertState } | undefined;
}

/**
 * Whether an alert about a condition is due. An alert that could not be delivered stays due. The end of a condition is due
 * only if its beginning was delivered.
 *
 * @param broken whether the condition holds now
 * @param now by the clock of the database
 */
export function dueNotice(state: AlertState, broken: boolean, now: Date): Finding {
  if (!broken) {
    const ended = { ...state, told: false, brokenSince: null };
    return state.told
      ? { seen: state, due: { news: "recovered", told: ended } }
      : { seen: ended, due: undefined };
  }
  const seen = { ...state, brokenSince: state.brokenSince ?? now };
  const sinceTold = state.toldAt === null ? PAUSE_MS : now.getTime() - state.toldAt.getTime();
  // A time in the future was recorded while the clock of the database was wrong.
  const tooSoon = sinceTold >= 0 && sinceTold < PAUSE_MS;
  if (state.told || tooSoon) return { seen, due: undefined };
  return { seen, due: { news: "broken", told: { ...seen, told: true, toldAt: now } } };
}

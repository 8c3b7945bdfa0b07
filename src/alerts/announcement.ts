import type { AlertCondition } from "../config/settings.ts";
import { escapeControlCharacters } from "../errors/escape-control-characters.ts";

/** News of one condition of one view. */
export interface Notice {
  readonly view: string;
  readonly condition: AlertCondition;
  readonly news: "broken" | "well";
  /** What is wrong; undefined when it is well again. */
  readonly problem: string | undefined;
  /** What to do about it, where that is known. */
  readonly remedy: string | undefined;
  readonly since: Date | null;
}

/** A message in plain text; what shape it is sent in is up to the receiver's format. */
export interface Announcement {
  readonly title: string;
  readonly lines: readonly string[];
}

/** An error may quote what it met at any length. */
const MAX_LINE_LENGTH = 600;

/** What it means that a condition no longer holds. */
const WELL: Record<AlertCondition, string> = {
  failed: "the last load was committed again",
  partial: "the last load put nothing in quarantine",
  stale: "it is fresh again",
  "rollback-rate": "loads are rolled back no more often than allowed",
};

/**
 * Words what there is to tell, what is broken first.
 *
 * @param origin where this is told from
 */
export function announce(notices: readonly Notice[], origin: string): Announcement {
  const broken = notices.filter((notice) => notice.news === "broken");
  const well = notices.filter((notice) => notice.news === "well");
  return {
    title: broken.length > 0 ? `🔴 otc-etl: ${subjects(broken)}` : `🟢 otc-etl, over: ${subjects(well)}`,
    lines: [
      ...broken.flatMap(({ view, problem, remedy }) => [
        `${view}: ${problem ?? "is not well."}`,
        ...(remedy === undefined ? [] : [`→ ${remedy}`]),
      ]),
      ...well.map(
        ({ view, condition, since }) => `${view}: ${WELL[condition]} (${condition}${begun(since)}).`,
      ),
      `Told by ${origin}. To look further: otc-etl status`,
    ].map(shown),
  };
}

/** As `tickets (failed, stale), comments (failed)`. */
function subjects(notices: readonly Notice[]): string {
  const views = [...new Set(notices.map((notice) => notice.view))];
  const conditionsOf = (view: string): string =>
    notices
      .filter((notice) => notice.view === view)
      .map((notice) => notice.condition)
      .join(", ");
  return views.map((view) => `${view} (${conditionsOf(view)})`).join(", ");
}

function begun(since: Date | null): string {
  return since === null ? "" : ` since ${since.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function shown(line: string): string {
  const text = escapeControlCharacters(line);
  return text.length <= MAX_LINE_LENGTH ? text : `${text.slice(0, MAX_LINE_LENGTH)} …`;
}

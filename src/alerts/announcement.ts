import type { AlertCondition } from "../config/values/setting-types.ts";
import { escapeControlCharacters } from "../errors/escape-control-characters.ts";

/** The beginning or end of one condition of one view. */
export interface Notice {
  readonly view: string;
  readonly condition: AlertCondition;
  readonly news: "broken" | "recovered";
  /** What is wrong; undefined when the condition has ended. */
  readonly problem: string | undefined;
  /** What to do about it, if known. */
  readonly remedy: string | undefined;
  readonly since: Date | null;
}

/** A message in plain text; the format of the receiver decides how it is sent. */
export interface Announcement {
  readonly title: string;
  readonly lines: readonly string[];
}

/** In characters: an error may quote a value of any length. */
const MAX_LINE_LENGTH = 600;

/** What the end of a condition means. */
const ENDINGS: Record<AlertCondition, string> = {
  failed: "the last load was committed again",
  partial: "the last load put nothing in quarantine",
  stale: "the data is fresh again",
  drift: "the last load found the fields of the load before it",
  "rollback-rate": "the rollback rate is within the limit again",
  missing: "the last load found no more missing rows than usual",
  rekeyed: "the last load found no more rekeyed rows than usual",
  late: "the last load found no more late records than usual",
};

/**
 * Makes one message of the notices, those of broken conditions first.
 *
 * @param origin the host and database that the message comes from
 */
export function announce(notices: readonly Notice[], origin: string): Announcement {
  const broken = notices.filter((notice) => notice.news === "broken");
  const recovered = notices.filter((notice) => notice.news === "recovered");
  return {
    title:
      broken.length > 0 ? `🔴 otc-etl: ${subjects(broken)}` : `🟢 otc-etl, recovered: ${subjects(recovered)}`,
    lines: [
      ...broken.flatMap(({ view, problem, remedy }) => [
        `${view}: ${problem ?? "a problem was found."}`,
        ...(remedy === undefined ? [] : [`→ ${remedy}`]),
      ]),
      ...recovered.map(
        ({ view, condition, since }) => `${view}: ${ENDINGS[condition]} (${condition}${begun(since)}).`,
      ),
      `Sent by ${origin}. For details: otc-etl status`,
    ].map(shownLine),
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
  return since === null ? "" : ` since ${shownTime(since)}`;
}

/** A time in a message, to the minute. */
export function shownTime(time: Date): string {
  return `${time.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** A line as it may stand in a message. */
export function shownLine(line: string): string {
  const text = escapeControlCharacters(line);
  return text.length <= MAX_LINE_LENGTH ? text : `${text.slice(0, MAX_LINE_LENGTH)} …`;
}

import type { RecordedRun } from "../../runs/recorded-run.ts";
import { type ShownStatus, shownStatus } from "../../runs/health/shown-status.ts";
import type { Html } from "../page/page.ts";
import { type Mood, renderWord } from "../page/word.ts";

const MOODS: Readonly<Record<ShownStatus, Mood>> = {
  running: "plain",
  success: "good",
  partial: "warn",
  failed: "bad",
  abandoned: "bad",
  skipped: "plain",
  interrupted: "plain",
};

/** The status of a run. */
export function renderRunWord(run: Pick<RecordedRun, "status" | "errorCode">): Html {
  const status = shownStatus(run);
  return renderWord(MOODS[status], status);
}

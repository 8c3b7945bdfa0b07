import type { RecordedRun } from "../../runs/recorded-run.ts";
import type { Html } from "../page/page.ts";
import { type Mood, renderWord } from "../page/word.ts";

const MOODS: Readonly<Record<RecordedRun["status"], Mood>> = {
  running: "plain",
  success: "good",
  partial: "warn",
  failed: "bad",
  abandoned: "bad",
};

/** The status of a run. */
export function renderRunWord({ status }: Pick<RecordedRun, "status">): Html {
  return renderWord(MOODS[status], status);
}

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

/** How a run ended, in the word of its record. */
export function renderRunWord({ status }: Pick<RecordedRun, "status">): Html {
  return renderWord(MOODS[status], status);
}

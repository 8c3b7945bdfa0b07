import type { RunDetails } from "../../runs/queries/read-runs.ts";
import { formatSeconds } from "../../format/format.ts";
import { renderTimeline, type TimelinePart } from "../charts/timeline.ts";
import type { Html } from "../page/page.ts";

/** The steps of a run on one time line, from its beginning to its end. */
export function renderSteps(run: RunDetails): Html {
  const { durationSeconds, transactionSeconds } = run;
  const total = durationSeconds ?? transactionSeconds ?? 0;
  const transaction = Math.min(transactionSeconds ?? 0, total);
  const steps: readonly TimelinePart[] = [
    step("fetch", "until the answer began, including waits for the pace rules", run.fetchSeconds),
    step("stage", "the document into PostgreSQL", run.stageSeconds),
    step("classify", "compare with the table", run.classifySeconds),
    step("apply", "update and insert", run.applySeconds),
  ];
  const measured = steps.reduce((sum, { seconds }) => sum + seconds, 0);
  const parts: readonly TimelinePart[] = [
    { ...step("begin", "record the run and connect", Math.max(0, total - transaction)), tone: "quiet" },
    ...steps,
    {
      ...step(
        "rest",
        "locks, guards, missing rows, derived tables, commit or rollback",
        Math.max(0, transaction - measured),
      ),
      tone: "quiet",
    },
  ];
  return renderTimeline({
    id: "steps",
    title: "Steps",
    summary: `${formatSeconds(total * 1000)} s from beginning to end, ${formatSeconds(transaction * 1000)} s of them in the transaction. Each step begins where the one before it ended.`,
    empty: "No step was measured.",
    parts: total === 0 ? [] : parts,
  });
}

function step(name: string, meaning: string, seconds: number | null): TimelinePart {
  return { name, meaning, seconds: seconds ?? 0, tone: "primary" };
}

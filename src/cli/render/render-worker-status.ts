import type { WorkerStatus } from "../../worker/read-worker-status.ts";
import { formatNumberOf } from "../../format/format.ts";
import { type Layout, momentText, renderText, timeText } from "./layout.ts";
import { renderTable } from "./table.ts";

/** When each view is loaded and which loads are due, followed by the last dead letters. */
export function renderWorkerStatus(statuses: readonly WorkerStatus[], layout: Layout): string {
  const schedules = renderTable(
    [
      { title: "view", cell: ({ view }) => view },
      { title: "schedule", cell: ({ schedule }) => schedule },
      { title: "time zone", rank: 2, cell: ({ timeZone }) => timeZone },
      { title: "last load", rank: 1, cell: ({ loadedAt }) => loadedAt ?? "never" },
      { title: "due since", cell: ({ dueAt }) => dueAt },
      { title: "state", cell: (status) => describeState(status, layout) },
      { title: "next", cell: ({ next }) => next },
    ],
    statuses,
    layout,
  );
  const letters = statuses
    .flatMap(({ deadLetters, loadedAt }) => deadLetters.map((letter) => ({ ...letter, loadedAt })))
    .map(({ view, dueAt, givenUpAt, attempts, reason, loadedAt }) => {
      const since = loadedAt !== null && loadedAt > dueAt ? " (loaded since)" : "";
      const tries = formatNumberOf(attempts, "attempt");
      return `${view}, due ${momentText(dueAt, layout)}, given up ${momentText(givenUpAt, layout)} after ${tries}${since}: ${reason}`;
    });
  return letters.length === 0
    ? schedules
    : `${schedules}\nGiven up:\n${letters.map((letter) => renderText(letter, layout)).join("")}`;
}

function describeState({ dueAt, job }: WorkerStatus, layout: Layout): string {
  if (dueAt === null) return "loaded";
  if (job === null) return "not queued by a worker yet";
  switch (job.state) {
    case "created":
      return "waiting";
    case "retry":
      return `attempt ${job.retryCount + 2} ${layout.width === Infinity ? "after " : ""}${timeText(job.startAfter, layout)}`;
    case "active":
      return `loading, attempt ${job.retryCount + 1}`;
    case "completed":
    case "failed":
    case "cancelled":
      return "given up";
    default:
      return job.state satisfies never;
  }
}

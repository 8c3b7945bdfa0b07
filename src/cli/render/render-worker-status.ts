import { escapeControlCharacters } from "../../errors/escape-control-characters.ts";
import type { WorkerStatus } from "../../worker/read-worker-status.ts";
import { formatTime } from "../../format/format.ts";
import { renderTable } from "./table.ts";

/** When each view is loaded and which loads are due, followed by the last dead letters. */
export function renderWorkerStatus(statuses: readonly WorkerStatus[]): string {
  const schedules = renderTable(
    [
      { title: "view" },
      { title: "schedule" },
      { title: "time zone" },
      { title: "last load" },
      { title: "due since" },
      { title: "state" },
      { title: "next" },
    ],
    statuses.map((status) => [
      status.view,
      status.schedule,
      status.timeZone,
      status.loadedAt === null ? "never" : formatTime(status.loadedAt),
      status.dueAt === null ? "-" : formatTime(status.dueAt),
      describeState(status),
      formatTime(status.next),
    ]),
  );
  const letters = statuses
    .flatMap(({ deadLetters, loadedAt }) => deadLetters.map((letter) => ({ ...letter, loadedAt })))
    .map(({ view, dueAt, givenUpAt, attempts, reason, loadedAt }) => {
      const since = loadedAt !== null && loadedAt > dueAt ? " (loaded since)" : "";
      const tries = attempts === 1 ? "1 attempt" : `${attempts} attempts`;
      return `${view}, due at ${formatTime(dueAt)}, at ${formatTime(givenUpAt)} after ${tries}${since}: ${reason}`;
    });
  return letters.length === 0
    ? schedules
    : `${schedules}\nGiven up:\n${letters.map(escapeControlCharacters).join("\n")}\n`;
}

function describeState({ dueAt, job }: WorkerStatus): string {
  if (dueAt === null) return "loaded";
  if (job === null) return "not queued by a worker yet";
  switch (job.state) {
    case "created":
      return "waiting";
    case "retry":
      return `attempt ${job.retryCount + 2} after ${formatTime(job.startAfter)}`;
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

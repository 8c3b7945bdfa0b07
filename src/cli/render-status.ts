import type { ViewStatus } from "../load/read-status.ts";
import { formatAge, formatCount, formatSeconds, formatTime } from "./format.ts";
import { renderTable } from "./table.ts";

const right = (title: string) => ({ title, align: "right" as const });

/** The freshness of each view. */
export function renderFreshness(statuses: readonly ViewStatus[]): string {
  return renderTable(
    [
      { title: "view" },
      { title: "last loaded" },
      right("age"),
      right("rows"),
      { title: "newest data" },
      right("in quarantine"),
    ],
    statuses.map((status) => [
      status.view,
      status.lastLoaded === null ? "never" : formatTime(status.lastLoaded),
      status.ageSeconds === null ? "-" : formatAge(status.ageSeconds),
      formatCount(status.rows),
      status.latestDataDate === null ? "-" : formatTime(status.latestDataDate),
      formatCount(status.rejects),
    ]),
  );
}

/** The freshness of each view and, below it, the last runs of all, newest first. */
export function renderStatus(statuses: readonly ViewStatus[]): string {
  const runs = statuses.flatMap((status) => status.runs).sort((a, b) => b.runId - a.runId);
  if (runs.length === 0)
    return `${renderFreshness(statuses)}\nNo runs yet: \`otc-etl load\` makes the first.\n`;
  const table = renderTable(
    [
      right("run"),
      { title: "view" },
      { title: "status" },
      { title: "started" },
      right("seconds"),
      right("fetched"),
      right("inserted"),
      right("updated"),
      right("skipped"),
      right("errors"),
    ],
    runs.map((run) => [
      String(run.runId),
      run.view,
      run.status,
      formatTime(run.startedAt),
      run.durationSeconds === null ? "-" : formatSeconds(run.durationSeconds * 1000),
      ...[run.fetched, run.inserted, run.updated, run.skipped, run.errors].map(formatCount),
    ]),
  );
  const failures = runs
    .filter((run) => run.error !== null)
    .map((run) => `run ${run.runId}: ${run.error ?? ""}`);
  const causes = failures.length === 0 ? "" : `\nWhy runs failed:\n${failures.join("\n")}\n`;
  return `${renderFreshness(statuses)}\n${table}${causes}`;
}

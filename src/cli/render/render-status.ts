import { escapeControlCharacters } from "../../errors/escape-control-characters.ts";
import type { CircuitStatus } from "../../throttle/read-circuit.ts";
import type { ViewStatus } from "../../runs/read-status.ts";
import type { RecordedRun } from "../../runs/recorded-run.ts";
import { isJudged, shownStatus } from "../../runs/shown-status.ts";
import { formatAge, formatCount, formatSeconds, formatTime } from "../../format/format.ts";
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
      right("rolled back"),
      { title: "duration" },
    ],
    statuses.map((status) => [
      status.view,
      status.lastLoaded === null ? "never" : formatTime(status.lastLoaded),
      status.ageSeconds === null ? "-" : formatAge(status.ageSeconds),
      formatCount(status.rows),
      status.latestDataDate === null ? "-" : formatTime(status.latestDataDate),
      formatCount(status.rejects),
      status.rollbackRate === null ? "-" : `${Math.round(status.rollbackRate * 100)} %`,
      describeDuration(status.duration),
    ]),
  );
}

/** `12.3 s (usually 11.8 s, +4 %)`. */
function describeDuration(duration: ViewStatus["duration"]): string {
  if (duration === null) return "-";
  const last = `${formatSeconds(duration.last * 1000)} s`;
  if (duration.usual === null || duration.usual === 0) return last;
  const change = Math.round((duration.last / duration.usual - 1) * 100);
  return `${last} (usually ${formatSeconds(duration.usual * 1000)} s, ${change < 0 ? "" : "+"}${change} %)`;
}

/** The freshness of each view, the state of the circuit, and the last runs of all views, newest first. */
export function renderStatus(statuses: readonly ViewStatus[], circuit: CircuitStatus): string {
  const head = `${renderFreshness(statuses)}\n${describeCircuit(circuit)}\n`;
  const runs = statuses.flatMap((status) => status.runs).sort((a, b) => b.runId - a.runId);
  if (runs.length === 0) return `${head}\nNo runs yet: \`otc-etl load\` starts the first.\n`;
  // Most nights no record is late.
  const showsLate = runs.some(({ late }) => (late ?? 0) > 0);
  // Most nights nothing is missing.
  const showsMissing = runs.some(({ missing, returned, rekeyed }) => missing + returned + rekeyed > 0);
  const table = renderTable(
    [
      right("run"),
      { title: "view" },
      { title: "kind" },
      { title: "status" },
      { title: "started" },
      right("seconds"),
      right("fetched"),
      right("inserted"),
      right("updated"),
      right("skipped"),
      right("errors"),
      ...(showsLate ? [right("late")] : []),
      ...(showsMissing ? [right("missing"), right("returned"), right("rekeyed")] : []),
    ],
    runs.map((run) => [
      String(run.runId),
      run.view,
      run.kind,
      shownStatus(run),
      run.startedAt === null ? "-" : formatTime(run.startedAt),
      run.durationSeconds === null ? "-" : formatSeconds(run.durationSeconds * 1000),
      ...[run.fetched, run.inserted, run.updated, run.skipped, run.errors].map((count) =>
        count === null ? "-" : formatCount(count),
      ),
      ...(showsLate ? [run.late === null ? "-" : formatCount(run.late)] : []),
      ...(showsMissing ? [run.missing, run.returned, run.rekeyed].map(formatCount) : []),
    ]),
  );
  const reasons = (heading: string, isMeant: (run: RecordedRun) => boolean): string => {
    const lines = runs
      .filter((run) => run.error !== null && isMeant(run))
      .map(
        ({ runId, error, remedy }) =>
          `run ${runId}: ${escapeControlCharacters(error ?? "")}\n` +
          (remedy === null ? "" : `  → ${escapeControlCharacters(remedy)}\n`),
      );
    return lines.length === 0 ? "" : `\n${heading}:\n${lines.join("")}`;
  };
  const causes =
    reasons("Why runs failed", (run) => run.commits === 0 && isJudged(run)) +
    reasons("Why runs were skipped or interrupted", (run) => !isJudged(run)) +
    reasons("Why missing rows were kept", (run) => run.commits > 0);
  const drift = statuses.flatMap((status) => [...describeDrift(status)]);
  const drifted =
    drift.length === 0 ? "" : `\nSchema drift:\n${drift.map(escapeControlCharacters).join("\n")}\n`;
  return `${head}\n${table}${causes}${drifted}`;
}

/** Fields of the last load that the view does not define, and the drift warnings of the runs shown. */
function* describeDrift(status: ViewStatus): Generator<string> {
  const unknown = Object.entries(status.unknownFields).map(
    ([field, records]) => `${field} (${formatCount(records)} records)`,
  );
  if (unknown.length > 0)
    yield `${status.view}: not defined by the view (rows keep it in extra): ${unknown.join(", ")}`;
  for (const run of status.runs) {
    for (const { message } of run.driftWarnings) yield `${run.view}, run ${run.runId}: ${message}`;
  }
}

function describeCircuit({
  failuresInRow,
  openedAt,
  requestsLastHour,
  lastRequestAt,
}: CircuitStatus): string {
  const asked =
    lastRequestAt === null
      ? "No request was sent to OTC yet."
      : `Requests to OTC in the last hour: ${requestsLastHour}; the last one at ${formatTime(lastRequestAt)}.`;
  if (openedAt !== null) {
    return `${asked} The circuit has been OPEN since ${formatTime(openedAt)}, after ${failuresInRow} failed fetches in a row.`;
  }
  return failuresInRow === 0 ? asked : `${asked} The last ${failuresInRow} fetches failed.`;
}

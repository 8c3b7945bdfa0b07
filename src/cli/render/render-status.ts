import type { CircuitStatus } from "../../throttle/read-circuit.ts";
import type { ViewStatus } from "../../runs/health/read-status.ts";
import type { RecordedRun } from "../../runs/recorded-run.ts";
import { isJudged, shownStatus } from "../../runs/health/shown-status.ts";
import { formatAge, formatNumberOf, formatSeconds } from "../../format/format.ts";
import { type Layout, momentText, renderProblem, renderText, timeText } from "./layout.ts";
import { type Column, renderTable } from "./table.ts";

const FRESHNESS: readonly Column<ViewStatus>[] = [
  { title: "view", cell: ({ view }) => view },
  { title: "last loaded", cell: ({ lastLoaded }) => lastLoaded ?? "never" },
  {
    title: "age",
    align: "right",
    onlyWide: true,
    cell: ({ ageSeconds }) => (ageSeconds === null ? null : formatAge(ageSeconds)),
  },
  { title: "rows", cell: ({ rows }) => rows },
  { title: "newest data", cell: ({ latestDataDate }) => latestDataDate },
  { title: "in quarantine", cell: ({ rejects }) => rejects },
  {
    title: "rolled back",
    align: "right",
    rank: 1,
    cell: ({ rollbackRate }) => (rollbackRate === null ? null : `${Math.round(rollbackRate * 100)} %`),
  },
  { title: "duration", rank: 2, cell: ({ duration }) => describeDuration(duration) },
];

/** The freshness of each view. */
export function renderFreshness(statuses: readonly ViewStatus[], layout: Layout): string {
  return renderTable(FRESHNESS, statuses, layout);
}

/** `12.3 s (usually 11.8 s, +4 %)`. */
function describeDuration(duration: ViewStatus["duration"]): string | null {
  if (duration === null) return null;
  const last = `${formatSeconds(duration.last * 1000)} s`;
  if (duration.usual === null || duration.usual === 0) return last;
  const change = Math.round((duration.last / duration.usual - 1) * 100);
  return `${last} (usually ${formatSeconds(duration.usual * 1000)} s, ${change < 0 ? "" : "+"}${change} %)`;
}

/** The freshness of each view, the state of the circuit, and the last runs of all views, newest first. */
export function renderStatus(
  statuses: readonly ViewStatus[],
  circuit: CircuitStatus,
  layout: Layout,
): string {
  const head = `${renderFreshness(statuses, layout)}\n${renderText(describeCircuit(circuit, layout), layout, "", "")}`;
  const runs = statuses.flatMap((status) => status.runs).sort((a, b) => b.runId - a.runId);
  if (runs.length === 0) return `${head}\nNo runs yet: \`otc-etl load\` starts the first.\n`;
  const reasons = (heading: string, isMeant: (run: RecordedRun) => boolean): string =>
    renderList(
      heading,
      runs
        .filter((run) => run.error !== null && isMeant(run))
        .map(({ runId, error, remedy }) => renderProblem(`run ${runId}: ${error ?? ""}`, remedy, layout)),
    );
  return [
    `${head}\n`,
    renderTable(runColumns(runs), runs, layout),
    reasons("Why runs failed", (run) => run.commits === 0 && isJudged(run)),
    reasons("Why runs were skipped or interrupted", (run) => !isJudged(run)),
    reasons("Why missing rows were kept", (run) => run.commits > 0),
    renderList(
      "Schema drift",
      statuses.flatMap((status) => [...describeDrift(status)]).map((text) => renderText(text, layout)),
    ),
  ].join("");
}

/** Most nights no record is late and nothing is missing. The columns of it are left out then. */
function runColumns(runs: readonly RecordedRun[]): readonly Column<RecordedRun>[] {
  const showsLate = runs.some(({ late }) => (late ?? 0) > 0);
  const showsMissing = runs.some(({ missing, returned, rekeyed }) => missing + returned + rekeyed > 0);
  const columns: readonly (Column<RecordedRun> | false)[] = [
    { title: "run", align: "right", cell: ({ runId }) => String(runId) },
    { title: "view", cell: ({ view }) => view },
    { title: "kind", rank: 3, cell: ({ kind }) => kind },
    { title: "status", cell: shownStatus },
    { title: "started", cell: ({ startedAt }) => startedAt },
    {
      title: "seconds",
      align: "right",
      rank: 2,
      cell: ({ durationSeconds }) =>
        durationSeconds === null ? null : formatSeconds(durationSeconds * 1000),
    },
    { title: "fetched", cell: ({ fetched }) => fetched },
    { title: "inserted", cell: ({ inserted }) => inserted },
    { title: "updated", cell: ({ updated }) => updated },
    { title: "skipped", rank: 4, cell: ({ skipped }) => skipped },
    { title: "errors", cell: ({ errors }) => errors },
    showsLate && { title: "late", rank: 5, cell: ({ late }) => late },
    showsMissing && { title: "missing", rank: 6, cell: ({ missing }) => missing },
    showsMissing && { title: "returned", rank: 8, cell: ({ returned }) => returned },
    showsMissing && { title: "rekeyed", rank: 7, cell: ({ rekeyed }) => rekeyed },
  ];
  return columns.filter((column) => column !== false);
}

/** Texts below a heading; nothing when there are none. */
function renderList(heading: string, texts: readonly string[]): string {
  return texts.length === 0 ? "" : `\n${heading}:\n${texts.join("")}`;
}

/** Fields of the last load that the view does not define, and the drift warnings of the runs shown. */
function* describeDrift(status: ViewStatus): Generator<string> {
  const unknown = Object.entries(status.unknownFields).map(
    ([field, records]) => `${field} (${formatNumberOf(records, "record")})`,
  );
  if (unknown.length > 0)
    yield `${status.view}: not defined by the view (rows keep it in extra): ${unknown.join(", ")}`;
  for (const run of status.runs) {
    for (const { message } of run.driftWarnings) yield `${run.view}, run ${run.runId}: ${message}`;
  }
}

function describeCircuit(
  { failuresInRow, openedAt, requestsLastHour, lastRequestAt }: CircuitStatus,
  layout: Layout,
): string {
  const asked =
    lastRequestAt === null
      ? "No request was sent to OTC yet."
      : `Requests to OTC in the last hour: ${requestsLastHour}; the last one ${momentText(lastRequestAt, layout)}.`;
  if (openedAt !== null) {
    const failures = formatNumberOf(failuresInRow, "failed fetch", "failed fetches");
    return `${asked} The circuit has been OPEN since ${timeText(openedAt, layout)}, after ${failures} in a row.`;
  }
  if (failuresInRow === 0) return asked;
  return `${asked} The last ${failuresInRow === 1 ? "fetch" : `${failuresInRow} fetches`} failed.`;
}

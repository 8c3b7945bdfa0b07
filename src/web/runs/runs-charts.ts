import { formatCount } from "../../format/format.ts";
import type { RunDetails } from "../../runs/queries/read-runs.ts";
import { shownStatus } from "../../runs/health/shown-status.ts";
import { BYTES, COUNT, SECONDS } from "../charts/number-format.ts";
import { renderPanelChart } from "../charts/panel/panel-chart.ts";
import type { Position } from "../charts/panel/position-axis.ts";
import type { Html } from "../page/page.ts";
import { timeText } from "../page/time.ts";

const ROLLED_BACK = "rolled back";

/** A run on the axis of time; the table and the tooltip name it, and it leads to its page. */
function positionOf(run: RunDetails): Position {
  const started = run.startedAt === null ? undefined : timeText(run.startedAt).slice(0, 16);
  return {
    label: started?.slice(0, 10) ?? String(run.runId),
    name: `${started === undefined ? "" : `${started}, `}run ${run.runId}, ${shownStatus(run)}`,
    crossed: run.rollbacks > 0,
    href: `/runs/${run.runId}`,
    ...(run.startedAt === null ? {} : { time: run.startedAt }),
  };
}

/**
 * The outcomes of the records. Each has its own panel, because unchanged records are a thousand times as many as others.
 *
 * @param all all runs of one view, oldest first
 */
export function renderRecordsChart(view: string, all: readonly RunDetails[]): Html {
  const { runs, note } = withoutFills(all);
  const rolledBack = runs.filter((run) => run.rollbacks > 0).length;
  // The rows that were counted before a rollback are in no table.
  const committed = (of: (run: RunDetails) => number | null): (number | null)[] =>
    runs.map((run) => (run.commits > 0 ? of(run) : null));
  return renderPanelChart({
    id: `records-${view}`,
    title: `Records of ${view}`,
    summary: `${runs.length === 1 ? "One run" : `The last ${formatCount(runs.length)} runs`}; ${formatCount(rolledBack)} rolled back. ${note}`,
    empty: `No run of ${view} has ended yet.`,
    positionTitle: "run",
    positions: runs.map(positionOf),
    crossedMeans: ROLLED_BACK,
    panels: [
      {
        name: "records written",
        marks: "columns",
        format: COUNT,
        height: 140,
        series: [
          { name: "inserted", tone: "primary", values: committed((run) => run.inserted) },
          { name: "updated", tone: "secondary", values: committed((run) => run.updated) },
        ],
      },
      {
        name: "records skipped",
        marks: "columns",
        format: COUNT,
        height: 60,
        series: [{ name: "skipped", tone: "quiet", values: committed((run) => run.skipped) }],
      },
      {
        name: "records rejected",
        marks: "columns",
        format: COUNT,
        height: 60,
        series: [{ name: "errors", tone: "alarm", values: committed((run) => run.errors) }],
      },
    ],
  });
}

/** The runs to draw. Loads that filled the table are left out, because beside them no other run would be visible. */
function withoutFills(all: readonly RunDetails[]): {
  readonly runs: readonly RunDetails[];
  readonly note: string;
} {
  const fills = all.filter(
    ({ commits, fetched, inserted }) => commits > 0 && 2 * (inserted ?? 0) > (fetched ?? 0),
  );
  const runs = all.filter((run) => !fills.includes(run));
  if (runs.length === 0 || fills.length === 0) return { runs: all, note: "" };
  const names = fills.map(({ runId }) => `run ${runId}`).join(", ");
  return { runs, note: `Not drawn, because the table was filled: ${names}.` };
}

/**
 * The duration and throughput of the runs.
 *
 * @param all all runs of one view, oldest first
 */
export function renderCostChart(view: string, all: readonly RunDetails[]): Html {
  const { runs, note } = withoutFills(all);
  const panel = { marks: "lines", height: 90 } as const;
  return renderPanelChart({
    id: `cost-${view}`,
    title: `Duration and throughput of ${view}`,
    summary: `Seconds from beginning to end, records fetched per second, and bytes of write-ahead log that the server wrote. ${note}`,
    empty: `No run of ${view} has ended yet.`,
    positionTitle: "run",
    positions: runs.map(positionOf),
    crossedMeans: ROLLED_BACK,
    panels: [
      {
        ...panel,
        name: "seconds",
        format: SECONDS,
        series: [{ name: "seconds", tone: "primary", values: runs.map((run) => run.durationSeconds) }],
      },
      {
        ...panel,
        name: "records per second",
        format: COUNT,
        series: [{ name: "records per second", tone: "primary", values: runs.map(throughput) }],
      },
      {
        ...panel,
        marks: "columns",
        name: "write-ahead log",
        format: BYTES,
        series: [{ name: "write-ahead log", tone: "quiet", values: runs.map((run) => run.walBytes) }],
      },
    ],
  });
}

function throughput({ fetched, durationSeconds, commits }: RunDetails): number | null {
  if (commits === 0 || fetched === null || durationSeconds === null || durationSeconds === 0) return null;
  return fetched / durationSeconds;
}

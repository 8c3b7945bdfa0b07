import { formatCount, formatMegabytes } from "../../src/format/format.ts";
import { type Column, renderTable } from "../../src/cli/render/table.ts";
import { type MeasurementName, MEASUREMENTS, type Samples } from "../measure/sample.ts";
import type { CpuPlace } from "./cpu-places.ts";
import type { Comparison } from "./comparisons.ts";
import type { Result } from "./result.ts";
import { median, stepMedians, valuesOf } from "./statistics.ts";

/** What comes after them is not worth a look. */
const MOST_PLACES = 16;

/** The head of a column of a report. */
type Head = Pick<Column<unknown>, "title" | "align">;

const left = (title: string): Head => ({ title });
const right = (title: string): Head => ({ title, align: "right" });

/** A table of texts. It has no width, because reports are kept. */
function renderTexts(heads: readonly Head[], rows: readonly (readonly string[])[]): string {
  const columns = heads.map((head, index): Column<readonly string[]> => ({
    ...head,
    cell: (row) => row[index] ?? "",
  }));
  return renderTable(columns, rows, { width: Infinity, now: new Date() });
}

/** A result as text: what was measured, where the time went, and the targets. */
export function renderResult(result: Result): string {
  const { database, version, view, records, documentBytes } = result;
  const title = `${view} on ${database} (${version}): ${formatCount(records)} records, ${formatMegabytes(documentBytes)}`;
  return [
    `${title}\n${"=".repeat(title.length)}\n`,
    renderMeasurements(result.samples),
    `Where the time goes, median seconds\n\n${renderSteps(result.samples)}`,
    ...(result.places.length === 0
      ? []
      : [`Where the process of a first load spends its time\n\n${renderPlaces(result.places)}`]),
    `Targets\n\n${renderComparisons(result.comparisons)}`,
  ].join("\n");
}

function measured(samples: Samples): readonly MeasurementName[] {
  return (Object.keys(MEASUREMENTS) as MeasurementName[]).filter((name) => samples[name] !== undefined);
}

function renderMeasurements(samples: Samples): string {
  return renderTexts(
    [
      left("what"),
      right("median s"),
      right("least"),
      right("most"),
      right("n"),
      right("memory"),
      right("WAL"),
      right("server CPU s"),
      right("buffers"),
    ],
    measured(samples).map((name) => {
      const seconds = valuesOf(samples, name, "seconds");
      const memory = valuesOf(samples, name, "peakMemoryBytes");
      const wal = median(valuesOf(samples, name, "walBytes"));
      return [
        MEASUREMENTS[name],
        (median(seconds) ?? 0).toFixed(3),
        Math.min(...seconds).toFixed(3),
        Math.max(...seconds).toFixed(3),
        String(seconds.length),
        memory.length === 0 ? "" : formatMegabytes(Math.max(...memory)),
        wal === undefined ? "" : formatMegabytes(wal),
        median(valuesOf(samples, name, "serverCpuSeconds"))?.toFixed(2) ?? "",
        formatMedian(valuesOf(samples, name, "serverBuffers")),
      ];
    }),
  );
}

function formatMedian(counts: readonly number[]): string {
  const count = median(counts);
  return count === undefined ? "" : formatCount(Math.round(count));
}

function renderSteps(samples: Samples): string {
  const rows = measured(samples)
    .map((name) => ({ name, steps: stepMedians(samples, name) }))
    .filter(({ steps }) => steps.size > 0);
  const steps = [...new Set(rows.flatMap((row) => [...row.steps.keys()]))];
  return renderTexts(
    [left("what"), ...steps.map(right)],
    rows.map((row) => [
      MEASUREMENTS[row.name],
      ...steps.map((step) => (row.steps.get(step) ?? 0).toFixed(3)),
    ]),
  );
}

function renderPlaces(places: readonly CpuPlace[]): string {
  return renderTexts(
    [left("function or package"), right("seconds")],
    places.slice(0, MOST_PLACES).map(({ place, seconds }) => [place, seconds.toFixed(3)]),
  );
}

/** The targets, and whether they were met. */
function renderComparisons(comparisons: readonly Comparison[]): string {
  return renderTexts(
    [left("target"), right("measured"), right("at most"), left("")],
    comparisons.map(({ what, unit, value, limit, met }) => [
      what,
      formatValue(value, unit),
      formatValue(limit, unit),
      met ? "met" : "MISSED",
    ]),
  );
}

function formatValue(value: number, unit: Comparison["unit"]): string {
  switch (unit) {
    case "ratio":
      return value.toFixed(3);
    case "bytes":
      return formatMegabytes(value);
    case "seconds":
      return `${value.toFixed(3)} s`;
    case "count":
      return formatCount(value);
    default:
      return unit satisfies never;
  }
}

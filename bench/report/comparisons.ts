import type { ComparedDatabase } from "../options.ts";
import type { SimulatedView } from "../../src/simulator/document.ts";
import { type MeasurementName, MEASUREMENTS, type Samples } from "../measure/sample.ts";
import { median, valuesOf } from "./statistics.ts";

/** What was measured against what it should be. */
export interface Comparison {
  readonly what: string;
  readonly unit: "ratio" | "bytes" | "seconds" | "count";
  readonly value: number;
  /** The most it may be. */
  readonly limit: number;
  readonly met: boolean;
}

/** A commit has to be on the disk, and the server writes on its own account too. */
const MOST_WAL_BYTES = 1_000_000;
const MOST_MEMORY_BYTES = 256_000_000;
/** The loader keeps the fingerprints of all rows. */
const MOST_MEMORY_OF_LARGER_NIGHT_BYTES = 512_000_000;

/** Marking the whole heap costs a load a fifth of its CPU time when it happens for every few megabytes (docs/adr/0015). */
const MOST_MAJOR_COLLECTIONS = 5;

/** Time may grow by a tenth more than the document. */
const GROWTH_ALLOWANCE = 1.1;

/**
 * The most that a load may take of the time of COPY. COPY of tickets and comments is quick (integer keys, cheap indexes),
 * while their JSON is larger per row.
 */
const LIMITS: Readonly<Record<SimulatedView, Readonly<Record<"first" | "unchanged" | "changed", number>>>> = {
  timesheets: { first: 0.7, unchanged: 0.3, changed: 0.35 },
  comments: { first: 0.8, unchanged: 0.45, changed: 0.5 },
  tickets: { first: 0.9, unchanged: 0.5, changed: 0.55 },
};

/** A night keeps the server busy with what changed, not with the table. */
const MOST_OF_FULL = 0.1;

/** Compares the medians of PostgreSQL's samples with the targets. What was not measured is left out. */
export function comparePostgres(
  view: SimulatedView,
  samples: Samples,
  factor: number | undefined,
): readonly Comparison[] {
  const limits = LIMITS[view];
  return [
    ratio(samples, "first", "copy", "first load ÷ COPY", limits.first),
    ratio(samples, "unchanged", "copy", "night, nothing changed ÷ COPY", limits.unchanged),
    ratio(samples, "changed", "copy", "night, 1 % changed ÷ COPY", limits.changed),
    ratio(samples, "first", "upsertsFirst", "first load ÷ upserts", 1 / 6),
    ratio(samples, "unchanged", "upsertsAgain", "night, nothing changed ÷ upserts again", 1 / 8),
    ratio(samples, "changed", "full", "the server's CPU: night ÷ --full", MOST_OF_FULL, "serverCpuSeconds"),
    ratio(samples, "changed", "full", "the server's buffers: night ÷ --full", MOST_OF_FULL, "serverBuffers"),
    largest(samples, ["unchanged"], "walBytes", "WAL of a night, nothing changed", MOST_WAL_BYTES),
    largest(
      samples,
      ["first", "unchanged", "changed"],
      "peakMemoryBytes",
      "peak memory of the loader",
      MOST_MEMORY_BYTES,
    ),
    largest(
      samples,
      ["firstLarger"],
      "peakMemoryBytes",
      `peak memory of a first load, ${factor ?? 1}×`,
      MOST_MEMORY_BYTES,
    ),
    largest(
      samples,
      ["unchangedLarger"],
      "peakMemoryBytes",
      `peak memory of a night, ${factor ?? 1}×`,
      MOST_MEMORY_OF_LARGER_NIGHT_BYTES,
    ),
    ...growth(samples, factor),
    largest(
      samples,
      ["first"],
      "majorCollections",
      "times that V8 marks the heap in a first load",
      MOST_MAJOR_COLLECTIONS,
    ),
    largest(samples, ["readers"], "longestReadSeconds", "longest wait of a reader during a night", 0.1),
    typical(samples, "version", "start-up of otc-etl --version", 0.15),
    typical(samples, "loadEmpty", "load of an empty view", 0.2),
  ].filter((comparison) => comparison !== undefined);
}

/** The same for the embedded database. */
export function compareEmbedded(samples: Samples): readonly Comparison[] {
  return [
    ratio(samples, "first", "copy", "first load ÷ its own COPY", 1),
    ratio(samples, "changed", "copy", "night, 1 % changed ÷ its own COPY", 0.3),
  ].filter((comparison) => comparison !== undefined);
}

/** The most that a load may take of the time of one server with an ordinary table, on the same machine. */
const MOST_OF_SINGLE: Readonly<Record<ComparedDatabase, Readonly<Record<"first" | "changed", number>>>> = {
  citus: { first: 2, changed: 1.3 },
  partitioned15: { first: 1.6, changed: 1.5 },
  partitioned18: { first: 1.6, changed: 1.5 },
};

/** Compares the medians with those of a single server with an ordinary table, measured in turn. */
export function compareWithSingle(
  database: ComparedDatabase,
  samples: Samples,
  single: Samples,
): readonly Comparison[] {
  return (["first", "changed"] as const).flatMap((name) => {
    const over = median(valuesOf(samples, name, "seconds"));
    const under = median(valuesOf(single, name, "seconds"));
    if (over === undefined || under === undefined) return [];
    const what = `${MEASUREMENTS[name]}, ${database} ÷ an ordinary table on one server`;
    return [judged(what, "ratio", over / under, MOST_OF_SINGLE[database][name])];
  });
}

function growth(samples: Samples, factor: number | undefined): readonly (Comparison | undefined)[] {
  if (factor === undefined) return [];
  const limit = factor * GROWTH_ALLOWANCE;
  return [
    ratio(samples, "firstLarger", "first", `first load at ${factor}× ÷ at 1×`, limit),
    ratio(samples, "unchangedLarger", "unchanged", `night at ${factor}× ÷ at 1×`, factor),
  ];
}

function ratio(
  samples: Samples,
  numerator: MeasurementName,
  denominator: MeasurementName,
  what: string,
  limit: number,
  quantity: "seconds" | "serverCpuSeconds" | "serverBuffers" = "seconds",
): Comparison | undefined {
  const over = median(valuesOf(samples, numerator, quantity));
  const under = median(valuesOf(samples, denominator, quantity));
  return over === undefined || under === undefined ? undefined : judged(what, "ratio", over / under, limit);
}

function typical(
  samples: Samples,
  name: MeasurementName,
  what: string,
  limit: number,
): Comparison | undefined {
  const value = median(valuesOf(samples, name, "seconds"));
  return value === undefined ? undefined : judged(what, "seconds", value, limit);
}

const UNITS = {
  walBytes: "bytes",
  peakMemoryBytes: "bytes",
  longestReadSeconds: "seconds",
  majorCollections: "count",
} as const;

/** A promise about the most: the worst sample counts, not the median. */
function largest(
  samples: Samples,
  names: readonly MeasurementName[],
  quantity: keyof typeof UNITS,
  what: string,
  limit: number,
): Comparison | undefined {
  const values = names.flatMap((name) => valuesOf(samples, name, quantity));
  if (values.length === 0) return undefined;
  return judged(what, UNITS[quantity], Math.max(...values), limit);
}

function judged(what: string, unit: Comparison["unit"], value: number, limit: number): Comparison {
  return { what, unit, value, limit, met: value <= limit };
}

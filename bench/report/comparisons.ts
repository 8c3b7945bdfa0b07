import type { MeasurementName, Samples } from "../measure/sample.ts";
import { median, valuesOf } from "./statistics.ts";

/** What was measured against what it should be. */
export interface Comparison {
  readonly what: string;
  readonly unit: "ratio" | "bytes" | "seconds";
  readonly value: number;
  /** The most it may be. */
  readonly limit: number;
  readonly met: boolean;
}

/** A commit has to be on the disk, and the server writes on its own account too. */
const MOST_WAL_BYTES = 1_000_000;
const MOST_MEMORY_BYTES = 256_000_000;

/** Time may grow by a tenth more than the document. */
const GROWTH_ALLOWANCE = 1.1;

/** Compares the medians of PostgreSQL's samples with the targets. What was not measured is left out. */
export function comparePostgres(samples: Samples, factor: number | undefined): readonly Comparison[] {
  return [
    ratio(samples, "first", "copy", "first load ÷ COPY", 0.75),
    ratio(samples, "unchanged", "copy", "re-run, nothing changed ÷ COPY", 0.6),
    ratio(samples, "changed", "copy", "re-run, 1 % changed ÷ COPY", 0.75),
    ratio(samples, "first", "upsertsFirst", "first load ÷ upserts", 1 / 6),
    ratio(samples, "unchanged", "upsertsAgain", "re-run, nothing changed ÷ upserts again", 1 / 8),
    largest(samples, ["unchanged"], "walBytes", "WAL of a re-run, nothing changed", MOST_WAL_BYTES),
    largest(
      samples,
      ["first", "unchanged", "changed"],
      "peakMemoryBytes",
      "peak memory of the loader",
      MOST_MEMORY_BYTES,
    ),
    largest(
      samples,
      ["firstLarger", "unchangedLarger"],
      "peakMemoryBytes",
      `peak memory of the loader, ${factor ?? 1}×`,
      MOST_MEMORY_BYTES,
    ),
    ...growth(samples, factor),
    largest(samples, ["readers"], "longestReadSeconds", "longest wait of a reader during a re-run", 0.1),
    typical(samples, "version", "start-up of otc-etl --version", 0.15),
    typical(samples, "loadEmpty", "load of an empty view", 0.6),
  ].filter((comparison) => comparison !== undefined);
}

/** The same for the embedded database. */
export function compareEmbedded(samples: Samples): readonly Comparison[] {
  return [ratio(samples, "first", "copy", "first load ÷ its own COPY", 1)].filter(
    (comparison) => comparison !== undefined,
  );
}

function growth(samples: Samples, factor: number | undefined): readonly (Comparison | undefined)[] {
  if (factor === undefined) return [];
  const limit = factor * GROWTH_ALLOWANCE;
  return [
    ratio(samples, "firstLarger", "first", `first load at ${factor}× ÷ at 1×`, limit),
    ratio(samples, "unchangedLarger", "unchanged", `re-run at ${factor}× ÷ at 1×`, limit),
  ];
}

function ratio(
  samples: Samples,
  numerator: MeasurementName,
  denominator: MeasurementName,
  what: string,
  limit: number,
): Comparison | undefined {
  const over = median(valuesOf(samples, numerator, "seconds"));
  const under = median(valuesOf(samples, denominator, "seconds"));
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

/** A promise about the most: the worst sample counts, not the median. */
function largest(
  samples: Samples,
  names: readonly MeasurementName[],
  quantity: "walBytes" | "peakMemoryBytes" | "longestReadSeconds",
  what: string,
  limit: number,
): Comparison | undefined {
  const values = names.flatMap((name) => valuesOf(samples, name, quantity));
  if (values.length === 0) return undefined;
  return judged(what, quantity === "longestReadSeconds" ? "seconds" : "bytes", Math.max(...values), limit);
}

function judged(what: string, unit: Comparison["unit"], value: number, limit: number): Comparison {
  return { what, unit, value, limit, met: value <= limit };
}

import type { BenchDatabase } from "../options.ts";
import type { Samples } from "../measure/sample.ts";
import type { CpuPlace } from "./cpu-places.ts";
import type { Comparison } from "./comparisons.ts";

/** What was measured of one view on one database. */
export interface Result {
  readonly database: BenchDatabase;
  /** Of the database. */
  readonly version: string;
  readonly view: string;
  readonly records: number;
  readonly documentBytes: number;
  readonly comparisons: readonly Comparison[];
  readonly samples: Samples;
  /** Where the process of a first load spent its time, most first; not known of the embedded database. */
  readonly places: readonly CpuPlace[];
}

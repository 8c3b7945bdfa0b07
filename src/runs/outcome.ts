import type { ArchiveResult } from "../archive/document-copy.ts";
import type { DriftWarning } from "../runs/drift-warning.ts";
import type { RunMetrics } from "./run-metrics.ts";
import type { SchemaDrift } from "../views/record-converter.ts";

/** The counts of a document's records. `fetched = inserted + updated + skipped + errors` always holds. */
export interface LoadCounts {
  readonly fetched: number;
  readonly inserted: number;
  readonly updated: number;
  /** `unchanged + duplicates`. */
  readonly skipped: number;
  /** Records in quarantine. */
  readonly errors: number;
  /** Earlier records of a key that occurs again. The last record wins. */
  readonly duplicates: number;
  readonly unchanged: number;
  /** Rows of the table that two documents in succession did not contain. */
  readonly missing: number;
  /** Rows that were missing and that the document contains again. Their records are counted as well. */
  readonly returned: number;
  /** Rows whose record came with another key. The new row is counted as inserted. */
  readonly rekeyed: number;
  /** Inserted records whose date says that the last load should have had them. */
  readonly late: number;
}

/** A load that was committed: `partial` when some records are in quarantine, or missing rows were not removed. */
export interface CommittedLoad extends LoadCounts {
  readonly view: string;
  readonly status: "success" | "partial";
  readonly runId: number;
  /** From the beginning of the run to its commit, in milliseconds. */
  readonly durationMs: number;
  readonly source: string;
  /** Bytes of the document after decompression. */
  readonly payloadBytes: number;
  /** In hex. */
  readonly payloadSha256: string;
  readonly archive: ArchiveResult;
  /** Why missing rows were not judged or not removed, in sentences; null when there is nothing to tell. */
  readonly missingProblem: string | null;
  readonly drift: SchemaDrift;
  /** The differences from the last committed load. */
  readonly driftWarnings: readonly DriftWarning[];
  /** Rows that had the fingerprint of their record and differed from it; known after a load with `--full`. */
  readonly wrongFingerprints?: number;
  readonly metrics: RunMetrics;
}

/** A load that was rolled back, so that it changed nothing in the table. */
export interface FailedLoad extends LoadCounts {
  readonly view: string;
  readonly status: "failed";
  /** Null when not even the run could be recorded. */
  readonly runId: number | null;
  readonly durationMs: number;
  /** A complete document stays in the archive, and can be replayed when the cause is fixed. */
  readonly archive: ArchiveResult;
  readonly error: Error;
}

export type LoadOutcome = CommittedLoad | FailedLoad;

const NOTHING: LoadCounts = {
  fetched: 0,
  inserted: 0,
  updated: 0,
  skipped: 0,
  errors: 0,
  duplicates: 0,
  unchanged: 0,
  missing: 0,
  returned: 0,
  rekeyed: 0,
  late: 0,
};

/** The counts of a load that wrote nothing. */
export function countsOfFailure(fetched: number, errors: number): LoadCounts {
  return { ...NOTHING, fetched, errors };
}

/** The outcome of a load that failed before it began. */
export function unbegunLoad(view: string, error: Error, durationMs: number): FailedLoad {
  return {
    view,
    status: "failed",
    runId: null,
    durationMs: Math.round(durationMs),
    archive: { file: null, error: null },
    error,
    ...countsOfFailure(0, 0),
  };
}

import type { Logger } from "pino";
import type { Archive } from "../archive/archive.ts";
import type { Database } from "../database/database.ts";
import type { PaceLimits } from "../throttle/pace.ts";
import type { RetrySettings } from "../source/retry.ts";
import type { Tracing } from "../tracing/tracing.ts";
import type { TimeZone } from "../views/values/time-zone.ts";
import type { MissingMode, View } from "../views/view.ts";
import type { CircuitLimits } from "../throttle/circuit.ts";
import type { ErrorLimit } from "./guards/error-limit.ts";
import type { LoadObserver } from "./load-observer.ts";
import type { LoadSource } from "../runs/load-source.ts";
import type { RunKind } from "../runs/run-kind.ts";
import type { Shutdown } from "../shutdown/shutdown.ts";

/** How far a load is; sent after every chunk of the document, so the receiver decides how often to show it. */
export interface LoadProgress {
  readonly view: string;
  readonly step: "open" | "fetch" | "stage" | "classify" | "apply" | "commit";
  readonly records: number;
  /** Bytes of the document after decompression. */
  readonly bytes: number;
  /** How much of a file has been read, from 0 to 1, where that is known. */
  readonly share?: number;
}

/** What a load may do and how. */
export interface LoadOptions {
  readonly errorLimit: ErrorLimit;
  /** Whether a document with fewer than half of the last load's records is accepted. */
  readonly allowShrink: boolean;
  /** Whether many records may be inserted that the last load should have had. */
  readonly allowLate: boolean;
  /** A row that is newer than the record, by the view's time of modification, stays as it is. */
  readonly keepNewer: boolean;
  /** Whether every record is compared with its row, whatever the fingerprints say. */
  readonly full: boolean;
  /** Tables with more fingerprints than this are compared row by row. */
  readonly maxKnownRows: number;
  /** Rejected records beyond this number are counted, and not stored. */
  readonly maxStoredRejects: number;
  /** In bytes. */
  readonly maxRecordBytes: number;
  /** Of the decompressed document. */
  readonly maxDocumentBytes: number;
  readonly retry: RetrySettings;
  readonly pace: PaceLimits;
  /** A longer wait for the pace than this ends the load, in milliseconds. */
  readonly maxPaceWaitMs: number;
  readonly circuit: CircuitLimits;
  /** Ask OTC although the circuit is open. */
  readonly ignoreCircuit: boolean;
  /** How long to wait for another load of the view to end, in milliseconds. */
  readonly lockWaitMs: number;
  /** Time for one load, in milliseconds; 0 is no limit. */
  readonly timeoutMs: number;
  readonly timeZone: TimeZone;
  /** What becomes of the rows that OTC no longer sends. */
  readonly missingModeOf: (view: View) => MissingMode;
  /** Whether missing rows are looked for although the document does not come from OTC now; for plans. */
  readonly looksForMissing: boolean;
  /** How many rows may be removed as missing if that is more than the guard allows. */
  readonly acceptMissing: number;
  /** Names of columns whose changes are kept; undefined when the views' own choice counts. */
  readonly historyColumns: readonly string[] | undefined;
}

/** Everything a load works with. */
export interface LoadContext {
  readonly database: Database;
  /** Where a view's documents come from. */
  readonly sourceOf: (view: View) => LoadSource;
  readonly kind: RunKind;
  /** Keeps what the API sends; undefined when nothing is to be kept. */
  readonly archive: Archive | undefined;
  readonly options: LoadOptions;
  readonly observer: LoadObserver;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** How long the clean-up may take when the load is interrupted. */
  readonly shutdown: Shutdown;
  readonly onProgress: (progress: LoadProgress) => void;
  /** Undefined when nobody asks for traces. */
  readonly tracing: Tracing | undefined;
}

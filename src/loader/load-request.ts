import type { Readable } from "node:stream";
import type { ErrorLimit } from "../load/guards/error-limit.ts";
import type { LoadProgress } from "../load/load-context.ts";
import type { PlanOutcome } from "../load/plan/plan-outcome.ts";
import type { LoadSource } from "../runs/load-source.ts";
import type { LoadOutcome } from "../runs/outcome.ts";
import type { RunKind } from "../runs/run-kind.ts";
import type { View } from "../views/view.ts";

/** Which documents to read, and with which guards. */
export interface DocumentRequest {
  readonly views: readonly View[];
  readonly errorLimit: ErrorLimit;
  readonly allowShrink: boolean;
  /** Accept many records that the last load should have had. Default: false. */
  readonly allowLate?: boolean;
  /** Send requests to OTC although the circuit is open. */
  readonly ignoreCircuit?: boolean;
  /** Compare every record with its row, whatever the fingerprints say. Default: false. */
  readonly full?: boolean;
  /** How long to wait for another load of the view to end, in milliseconds. Default: do not wait. */
  readonly lockWaitMs?: number;
  /** Time limit for each load, in milliseconds. Default: the setting. */
  readonly timeoutMs?: number;
  /** A file to load instead of a document of the API; `-` reads `stdin`. Allowed for one view only. */
  readonly file?: { readonly path: string; readonly stdin: Readable };
  /** Where the views' documents come from instead of the API. */
  readonly sourceOf?: (view: View) => LoadSource;
  /** Default: `load`. */
  readonly kind?: RunKind;
  /** Rows that are newer than the record stay as they are; default false. */
  readonly keepNewer?: boolean;
  /** How many rows may be removed as missing if that is more than the guard allows. Default: 0. */
  readonly acceptMissing?: number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: LoadProgress) => void;
}

/** What to load. */
export interface LoadRequest extends DocumentRequest {
  /** All views in one transaction. */
  readonly atomic: boolean;
  /** Called after each view, as soon as it is committed or rolled back. */
  readonly onOutcome: (outcome: LoadOutcome) => void;
}

/** What to plan. */
export interface PlanRequest extends DocumentRequest {
  /** Only find the rows that the documents should contain and do not, wherever these come from. Default: false. */
  readonly reportsMissing?: boolean;
  /** How many duplicate keys, and changes per column, to report. */
  readonly samples: number;
  /** Called after each view. */
  readonly onOutcome: (outcome: PlanOutcome) => void;
}

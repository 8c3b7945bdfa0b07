import type { Logger } from "pino";
import type { ArchiveResult } from "../archive/document-copy.ts";
import type { Transaction } from "../database/database.ts";
import type { OtcError } from "../errors/otc-error.ts";
import type { TraceSpan } from "../tracing/tracing.ts";
import type { Guard } from "./guards/guard.ts";
import type { LoadContext, LoadOptions, LoadProgress } from "./load-context.ts";
import { RejectSpool } from "../runs/rejects/reject-spool.ts";
import type { RequestLog } from "../throttle/request-log.ts";
import type { Run } from "../runs/run-log.ts";
import { RunMeter, type Step } from "../runs/run-metrics.ts";
import { stepLabel } from "../runs/step-label.ts";
import type { StagedDocument } from "./stage/stage-document.ts";
import type { Fingerprinting } from "./known-rows/fingerprint-key.ts";
import type { MissingCheck } from "./missing/missing-check.ts";
import type { RejectedKeys } from "./missing/rejected-keys.ts";
import type { LoadTables } from "./tables/load-tables.ts";

/** What a load has seen so far, for the record of its failure. */
export interface LoadState {
  fetched: number;
  /** Once it has been read to its end. */
  document: StagedDocument | undefined;
  archive: ArchiveResult;
  rejects: RejectSpool;
  /** Undefined when missing rows are not looked for. */
  rejectedKeys: RejectedKeys | undefined;
  /** What became of the fetch, retries included: what the circuit breaker wants to know. */
  fetch: "pending" | "succeeded" | "refused" | "failed";
  readonly meter: RunMeter;
  /** Undefined when nobody asks for traces. */
  readonly span: TraceSpan | undefined;
}

/** @param span that of a load which is traced */
export function newLoadState(run: Run, options: LoadOptions, span?: TraceSpan): LoadState {
  return {
    fetched: 0,
    document: undefined,
    archive: { file: null, error: null },
    rejects: newRejectSpool(run, options),
    rejectedKeys: undefined,
    fetch: "pending",
    meter: new RunMeter(span),
    span,
  };
}

/** Removes the temporary files of a load. */
export async function disposeLoadState({ rejects, rejectedKeys }: LoadState): Promise<void> {
  await rejects.dispose();
  await rejectedKeys?.dispose();
}

/** A reload takes a record that is not rejected again for loaded, so it has to know all of them. */
export function newRejectSpool(run: Run, { maxStoredRejects }: LoadOptions): RejectSpool {
  const maxStored = run.source.quarantined === true ? Number.POSITIVE_INFINITY : maxStoredRejects;
  return new RejectSpool(maxStored);
}

/** One load inside its transaction, and everything its steps work with. */
export interface LoadInProgress {
  readonly transaction: Transaction;
  readonly run: Run;
  readonly context: LoadContext;
  readonly state: LoadState;
  readonly tables: LoadTables;
  readonly fingerprinting: Fingerprinting;
  /** As in `KnownTable`. */
  readonly lastMark: string | undefined;
  /** Undefined when missing rows are not looked for. */
  readonly missingCheck: MissingCheck | undefined;
  /** Whether every record is converted and compared, also those of known rows. */
  readonly comparesAll?: boolean;
  /** Inserted records with an earlier date are late; undefined when there is no load before that should have had them. */
  readonly lateBefore: Date | undefined;
  readonly log: Logger;
  readonly requests: RequestLog;
}

/** Tells the observer of a guard that has tripped; unless the observer goes on, the load fails. */
export function enforceGuard({ context }: LoadInProgress, guard: Guard, tripped: OtcError | undefined): void {
  if (tripped !== undefined) context.observer.guardTripped(guard, tripped);
}

/** Tells whoever watches how far the load is. */
export function showProgress(
  { run, context }: LoadInProgress,
  step: LoadProgress["step"],
  { fetched, payloadBytes }: Pick<StagedDocument, "fetched" | "payloadBytes">,
): void {
  const share = run.source.share?.();
  context.onProgress({
    view: run.view.name,
    step,
    records: fetched,
    bytes: payloadBytes,
    ...(share === undefined ? {} : { share }),
  });
}

/** Runs a step, takes its time, and lets other sessions see that it is under way. */
export async function inStep<T>(load: LoadInProgress, step: Step, work: () => Promise<T>): Promise<T> {
  const { transaction, run, state } = load;
  await transaction.query("select set_config('application_name', $1, true)", [stepLabel(run, step)]);
  return state.meter.time(step, work);
}

import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import type { ArchiveResult, DocumentCopy } from "../archive/document-copy.ts";
import type { Transaction } from "../database/database.ts";
import { DatabaseError } from "../database/database-error.ts";
import { withRetries } from "../source/retry.ts";
import { SourceError } from "../source/source-error.ts";
import { type Applied, applyDelta } from "./apply.ts";
import { type Classification, classify } from "./delta.ts";
import { checkCounts, checkDigest, checkErrorLimit, checkShrink } from "./guards.ts";
import type { LoadContext, LoadProgress } from "./load-context.ts";
import type { CommittedLoad } from "./outcome.ts";
import { rejectOfRefusedRow } from "./refused-row.ts";
import { type Reject, RejectSpool } from "./reject-spool.ts";
import { setPlannerSettings } from "./planner-settings.ts";
import type { RequestLog } from "./request-log.ts";
import { closeRun, lastFetched, type Run } from "./run-log.ts";
import { RunMeter } from "./run-metrics.ts";
import { type StagedDocument, stageDocument } from "./stage-document.ts";
import { createStaging, dropLoadTables, type LoadTables, loadTables } from "./staging.ts";
import { lockView } from "./view-lock.ts";
import { walPosition, walSince } from "./wal.ts";

/** What a load has seen so far, for the record of its failure. */
export interface LoadState {
  fetched: number;
  /** Once it has been read to its end. */
  document: StagedDocument | undefined;
  archive: ArchiveResult;
  rejects: RejectSpool;
  /** What became of the fetch, retries included: what the circuit breaker wants to know. */
  fetch: "pending" | "succeeded" | "failed";
  readonly meter: RunMeter;
}

export function newLoadState(run: Run): LoadState {
  return {
    fetched: 0,
    document: undefined,
    archive: { file: null, error: null },
    rejects: new RejectSpool(run.runId, run.view.name),
    fetch: "pending",
    meter: new RunMeter(),
  };
}

/** One load inside its transaction, and everything its steps work with. */
interface LoadInProgress {
  readonly transaction: Transaction;
  readonly run: Run;
  readonly context: LoadContext;
  readonly state: LoadState;
  readonly tables: LoadTables;
  readonly log: Logger;
  readonly requests: RequestLog;
}

/** A deadlock or the like is met again rarely, three times almost never. */
const CONFLICT_RETRIES = 3;

/** Two that met once should not meet again: a random pause up to this, in milliseconds. */
const CONFLICT_PAUSE_MS = 500;

/**
 * One load of one view, from the lock to the record of its success: everything between BEGIN and COMMIT.
 *
 * @param requests where requests to OTC are counted
 * @param state filled on the way, so that it is known when this throws
 */
export async function loadInTransaction(
  transaction: Transaction,
  run: Run,
  context: LoadContext,
  requests: RequestLog,
  state: LoadState,
): Promise<CommittedLoad> {
  const { database, options, signal } = context;
  const { view, runId } = run;
  const log = context.log.child({ view: view.name, run: runId });
  const tables = loadTables(database.schema, view, runId);
  const load: LoadInProgress = { transaction, run, context, state, tables, log, requests };

  state.meter.begin();
  const walBefore = await walPosition(transaction);
  await setPlannerSettings(transaction);
  await lockView(transaction, database, {
    view,
    runId,
    waitMs: options.lockWaitMs,
    signal,
    onWait: (reason) => {
      log.info(`waiting: ${reason}`);
    },
  });

  const document = await fetchAndStage(load);
  log.debug({ fetched: document.fetched, bytes: document.payloadBytes }, "document staged");
  checkDigest(document.payloadSha256, run.source.sha256, run.source.origin);
  const last = await lastFetched(transaction, database.schema, view);
  checkShrink(document.fetched, last, options.allowShrink);
  checkErrorLimit(state.rejects.count, document.fetched, options.errorLimit);

  const written = await writeDelta(load, document);
  await dropLoadTables(transaction, tables);

  state.meter.savepoints = transaction.savepoints;
  state.meter.walBytes = await walSince(transaction, walBefore);
  const committed: CommittedLoad = {
    view: view.name,
    status: state.rejects.count === 0 ? "success" : "partial",
    runId,
    fetched: document.fetched,
    inserted: written.inserted,
    updated: written.updated,
    skipped: written.unchanged + written.duplicates,
    errors: state.rejects.count,
    duplicates: written.duplicates,
    unchanged: written.unchanged,
    durationMs: Math.round(performance.now() - run.startedAt),
    source: run.source.origin,
    payloadBytes: document.payloadBytes,
    payloadSha256: document.payloadSha256,
    archive: state.archive,
    drift: document.drift,
    metrics: state.meter.metrics,
  };
  checkCounts(committed);
  showProgress(load, "commit", document);
  await state.rejects.store(transaction, database.schema);
  await closeRun(transaction, database.schema, committed, document.repairs);
  return committed;
}

/** Fetches the document and stages it; what a broken attempt has staged is undone before the next. */
async function fetchAndStage(load: LoadInProgress): Promise<StagedDocument> {
  const { transaction, run, context, state, log } = load;
  try {
    const document = await withRetries(
      () => transaction.savepoint(() => fetchOnce(load)),
      run.source.kind === "api" ? context.options.retry : { ...context.options.retry, retries: 0 },
      context.signal,
      (failed) => {
        state.meter.retries += 1;
        log.warn(
          { attempt: failed.attempt, retriesLeft: failed.retriesLeft, waitMs: failed.delayMs },
          `fetch failed, will try again: ${failed.error.message}`,
        );
      },
    );
    state.fetch = "succeeded";
    state.document = document;
    return document;
  } catch (error) {
    if (error instanceof SourceError) state.fetch = "failed";
    throw error;
  }
}

async function fetchOnce(load: LoadInProgress): Promise<StagedDocument> {
  const { run, context, state, requests, log } = load;
  await state.rejects.dispose();
  state.rejects = new RejectSpool(run.runId, run.view.name);
  state.fetched = 0;
  showProgress(load, "fetch", { fetched: 0, payloadBytes: 0 });
  // Whatever ends the attempt ends the fetch: a source that says nothing would not notice.
  const attempt = new AbortController();
  const signal = AbortSignal.any([context.signal, attempt.signal]);
  let copy: DocumentCopy | undefined;
  try {
    const chunks = await state.meter.time("fetch", () => run.source.open(signal, requests));
    if (run.source.kind === "api") copy = await context.archive?.begin(run.view.name, run.runId);
    return await state.meter.time("stage", () => stage(load, chunks, copy));
  } finally {
    attempt.abort();
    await copy?.end();
    state.archive = copy?.result ?? state.archive;
    if (state.archive.error !== null) log.warn(`the archive failed, not the load: ${state.archive.error}`);
  }
}

async function stage(
  load: LoadInProgress,
  chunks: AsyncIterable<Buffer>,
  copy: DocumentCopy | undefined,
): Promise<StagedDocument> {
  const { transaction, run, context, state, tables } = load;
  await createStaging(transaction, run.view, tables);
  return stageDocument(transaction, chunks, {
    view: run.view,
    tables,
    timeZone: context.options.timeZone,
    maxRecordBytes: context.options.maxRecordBytes,
    rejects: state.rejects,
    copy,
    onProgress: (fetched, payloadBytes) => {
      state.fetched = fetched;
      showProgress(load, "stage", { fetched, payloadBytes });
    },
  });
}

/**
 * Classifies and applies. A deadlock or serialization failure undoes this much and no more: the document is staged
 * already, and is not fetched again.
 */
async function writeDelta(load: LoadInProgress, document: StagedDocument): Promise<Classification & Applied> {
  const { transaction, context, state, log } = load;
  for (let attempt = 1; ; attempt += 1) {
    const refused: Reject[] = [];
    try {
      return await transaction.savepoint(() => writeOnce(load, document, refused));
    } catch (error) {
      const mayRetry = error instanceof DatabaseError && error.isConflict && attempt <= CONFLICT_RETRIES;
      if (!mayRetry) throw error;
      refused.length = 0;
      state.meter.retries += 1;
      log.warn({ attempt }, `will write again: ${error.message}`);
      await sleep(Math.random() * CONFLICT_PAUSE_MS, undefined, { signal: context.signal });
    } finally {
      for (const reject of refused) state.rejects.add(reject);
    }
  }
}

async function writeOnce(
  load: LoadInProgress,
  document: StagedDocument,
  refused: Reject[],
): Promise<Classification & Applied> {
  const { transaction, run, context, state, tables, log } = load;
  showProgress(load, "classify", document);
  const classification = await state.meter.time("classify", () =>
    classify(transaction, run.view, tables, document, context.options.keepNewer),
  );
  log.debug(classification, "document classified");

  showProgress(load, "apply", document);
  const applied = await state.meter.time("apply", () =>
    applyDelta(
      transaction,
      { view: run.view, tables, classification },
      async (position, error) => {
        refused.push(await rejectOfRefusedRow(transaction, run.view, tables, position, error));
        const errors = state.rejects.count + refused.length;
        checkErrorLimit(errors, document.fetched, context.options.errorLimit);
      },
      (decision) => {
        log.debug(decision);
      },
    ),
  );
  return { ...classification, ...applied };
}

function showProgress(
  { run, context }: LoadInProgress,
  step: LoadProgress["step"],
  { fetched, payloadBytes }: Pick<StagedDocument, "fetched" | "payloadBytes">,
): void {
  context.onProgress({ view: run.view.name, step, records: fetched, bytes: payloadBytes });
}

import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import type { ArchiveResult, DocumentCopy } from "../archive/document-copy.ts";
import type { Transaction } from "../database/database.ts";
import { DatabaseError } from "../database/database-error.ts";
import type { OtcError } from "../errors/otc-error.ts";
import { readAhead } from "../source/read-ahead.ts";
import { withRetries } from "../source/retry.ts";
import { SourceError } from "../source/source-error.ts";
import { type Applied, applyDelta } from "./apply.ts";
import { type Classification, classify, lockAgainstWriters } from "./delta.ts";
import { type FieldProfile, lastProfiles, profileRows, storeProfiles } from "./field-profile.ts";
import { type DriftWarning, driftWarnings } from "./drift.ts";
import {
  closeFilledTable,
  fillTarget,
  findEmptyTable,
  openEmptyTable,
  TableNotFilled,
} from "./fill-empty-table.ts";
import { checkCounts, checkDigest, checkErrorLimit, checkShrink, type Guard } from "./guards.ts";
import { historyStatement } from "./history.ts";
import type { LoadContext, LoadProgress } from "./load-context.ts";
import type { CommittedLoad } from "./outcome.ts";
import type { PlanNotes } from "./plan-notes.ts";
import { rejectOfRefusedRow } from "./refused-row.ts";
import { type Reject, RejectSpool } from "./reject-spool.ts";
import { setPlannerSettings } from "./planner-settings.ts";
import type { RequestLog } from "./request-log.ts";
import { closeRun, type LastLoad, readLastLoad, type Run } from "./run-log.ts";
import type { RowLayout } from "./row-stager.ts";
import { RunMeter } from "./run-metrics.ts";
import { contentDigest, markTable, sameDocument } from "./same-document.ts";
import { type StagedDocument, stageDocument } from "./stage-document.ts";
import {
  analyzeStaging,
  copyTarget,
  createStaging,
  dropLoadTables,
  type LoadTables,
  loadTables,
} from "./staging.ts";
import { inTargetTypes } from "./target-types.ts";
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
  /** What a plan notes; undefined when the load is to be committed. */
  readonly plan: PlanNotes | undefined;
}

export function newLoadState(run: Run, plan?: PlanNotes): LoadState {
  return {
    fetched: 0,
    document: undefined,
    archive: { file: null, error: null },
    rejects: new RejectSpool(run.runId, run.view.name),
    fetch: "pending",
    meter: new RunMeter(),
    plan,
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

/** A document that has been fetched: staged, or written already. */
interface FetchedDocument extends StagedDocument {
  readonly written?: Classification & Applied;
}

/** Dropping and building the indexes for a smaller document costs about as much as keeping them up. */
const MIN_FILL_BYTES = 4 * 1024 * 1024;

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

  const document = await fetchAndStage(load, mayFillTable(load));
  log.debug({ fetched: document.fetched, bytes: document.payloadBytes }, "document staged");
  checkDigest(document.payloadSha256, run.source.sha256, run.source.origin);
  const last = await readLastLoad(transaction, database.schema, view);
  heed(state, "shrink", checkShrink(document.fetched, last?.fetched, options.allowShrink));
  heed(state, "error_limit", checkErrorLimit(state.rejects.count, document.fetched, options.errorLimit));
  const rows = document.written === undefined ? tables.staging : tables.target;
  const profiles = await profileRows(transaction, view, rows, document.staged);

  const written = document.written ?? (await writeDelta(load, document));
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
    driftWarnings: await noticeDrift(load, document, last, profiles),
    metrics: state.meter.metrics,
  };
  checkCounts(committed);
  showProgress(load, "commit", document);
  await state.rejects.store(transaction, database.schema);
  await storeProfiles(transaction, database.schema, view, runId, profiles);
  await transaction.savepoint(async () => {
    await closeRun(transaction, database.schema, committed, document.repairs);
    const digest = contentDigest(view, options, document);
    await markTable(transaction, database.schema, runId, tables.target, digest);
  });
  return committed;
}

/** A plan shows what staging finds; where newer rows are kept, the last of several with one key may not be the one. */
function mayFillTable({ run, context, state }: LoadInProgress): boolean {
  return run.source.repeatable && state.plan === undefined && !context.options.keepNewer;
}

/** A guard that has tripped fails a load; a plan notes it and goes on. */
function heed({ plan }: LoadState, guard: Guard, tripped: OtcError | undefined): void {
  if (tripped === undefined) return;
  if (plan === undefined) throw tripped;
  plan.noteGuard(guard, tripped);
}

async function noticeDrift(
  { transaction, run, context }: LoadInProgress,
  { fetched, drift }: StagedDocument,
  last: LastLoad | undefined,
  profiles: readonly FieldProfile[],
): Promise<readonly DriftWarning[]> {
  if (last === undefined) return [];
  return driftWarnings(
    {
      records: last.fetched,
      unknownFields: Object.keys(last.unknownFields),
      absentFields: last.absentFields,
      profiles: await lastProfiles(transaction, context.database.schema, run.view),
    },
    {
      records: fetched,
      unknownFields: [...drift.unknownFields.keys()],
      absentFields: drift.absentFields,
      profiles,
    },
  );
}

/**
 * Fetches the document and stages it; what a broken attempt has staged is undone before the next. Into an empty table the
 * rows go themselves, where that is possible.
 */
async function fetchAndStage(load: LoadInProgress, mayFill: boolean): Promise<FetchedDocument> {
  const { transaction, run, context, state, log } = load;
  try {
    const document = await withRetries(
      () => transaction.savepoint(() => fetchOnce(load, mayFill)),
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
    if (error instanceof TableNotFilled) {
      log.info(
        `the document is fetched again, to find the rows that the table does not take: ${error.message}`,
      );
      return fetchAndStage(load, false);
    }
    if (error instanceof SourceError) state.fetch = "failed";
    throw error;
  }
}

async function fetchOnce(load: LoadInProgress, mayFill: boolean): Promise<FetchedDocument> {
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
    // A plan leaves nothing behind.
    if (run.source.kind === "api" && state.plan === undefined)
      copy = await context.archive?.begin(run.view.name, run.runId);
    return await (mayFill ? fillOrStage(load, chunks, copy) : stage(load, chunks, copy));
  } finally {
    attempt.abort();
    await copy?.end();
    state.archive = copy?.result ?? state.archive;
    if (state.archive.error !== null) log.warn(`the archive failed, not the load: ${state.archive.error}`);
  }
}

async function fillOrStage(
  load: LoadInProgress,
  chunks: AsyncIterable<Buffer>,
  copy: DocumentCopy | undefined,
): Promise<FetchedDocument> {
  const { transaction, run, state, tables, log } = load;
  const table = await findEmptyTable(transaction, run.view, tables);
  if (table === undefined) return stage(load, chunks, copy);
  const beginning = await readAhead(chunks, MIN_FILL_BYTES, (payloadBytes) => {
    showProgress(load, "stage", { fetched: 0, payloadBytes });
  });
  if (beginning.ended || !(await openEmptyTable(transaction, run.view, tables, table))) {
    return stage(load, beginning.chunks, copy);
  }
  log.debug("the table is empty: the rows go into it themselves, and its indexes are built afterwards");
  const document = await stageRows(load, beginning.chunks, copy, fillTarget(run.view, tables), {
    staging: false,
    indexedTexts: table.indexedTexts,
  });
  showProgress(load, "apply", document);
  const duplicates = await state.meter.time("apply", () =>
    closeFilledTable(transaction, run.view, tables, table, document),
  );
  const inserted = document.staged - duplicates;
  return {
    ...document,
    written: { duplicates, unchanged: 0, differing: inserted, allNew: true, inserted, updated: 0 },
  };
}

async function stage(
  load: LoadInProgress,
  chunks: AsyncIterable<Buffer>,
  copy: DocumentCopy | undefined,
): Promise<FetchedDocument> {
  const { transaction, run, tables } = load;
  await createStaging(transaction, run.view, tables);
  return stageRows(load, chunks, copy, copyTarget(run.view, tables), { staging: true, indexedTexts: [] });
}

function stageRows(
  load: LoadInProgress,
  chunks: AsyncIterable<Buffer>,
  copy: DocumentCopy | undefined,
  target: string,
  layout: RowLayout,
): Promise<StagedDocument> {
  const { transaction, run, context, state } = load;
  return state.meter.time("stage", () =>
    stageDocument(transaction, chunks, {
      view: run.view,
      target,
      layout,
      timeZone: context.options.timeZone,
      maxRecordBytes: context.options.maxRecordBytes,
      rejects: state.rejects,
      copy,
      onProgress: (fetched, payloadBytes) => {
        state.fetched = fetched;
        showProgress(load, "stage", { fetched, payloadBytes });
      },
    }),
  );
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
  const { plan } = state;
  showProgress(load, "classify", document);
  const typed = await inTargetTypes(transaction, run.view, tables, context.options.timeZone);
  await plan?.noteDuplicates(transaction, run.view, tables, document.suspected);
  const classification = await state.meter.time("classify", () => classifyOnce(load, typed, document));
  log.debug(classification, "document classified");

  showProgress(load, "apply", document);
  const changeLogs = [
    historyStatement(run.view, typed, context.database.schema, run.runId, context.options.historyColumns),
    await plan?.beginChanges(transaction, run.view, typed),
  ].filter((statement) => statement !== undefined);
  const applied = await state.meter.time("apply", () =>
    applyDelta(
      transaction,
      { view: run.view, tables: typed, classification, changeLogs },
      async (position, error) => {
        refused.push(await rejectOfRefusedRow(transaction, run.view, tables, position, error));
        const errors = state.rejects.count + refused.length;
        heed(state, "error_limit", checkErrorLimit(errors, document.fetched, context.options.errorLimit));
      },
      (decision) => {
        log.debug(decision);
      },
    ),
  );
  await plan?.noteChanges(transaction, run.view, typed);
  return { ...classification, ...applied };
}

/** @param typed the tables, with the staged rows as the target would hold them */
async function classifyOnce(
  load: LoadInProgress,
  typed: LoadTables,
  document: StagedDocument,
): Promise<Classification> {
  const { transaction, run, context, state, tables, log } = load;
  await lockAgainstWriters(transaction, tables);
  const digest = contentDigest(run.view, context.options, document);
  const same = await sameDocument(transaction, context.database.schema, {
    view: run.view,
    target: tables.target,
    staged: document.staged,
    errors: state.rejects.count,
    digest,
  });
  if (same !== undefined) {
    log.debug("the document and the table are as the last load left them: nothing to compare");
    return { ...same, differing: 0, allNew: false };
  }
  await analyzeStaging(transaction, run.view, tables);
  return classify(transaction, run.view, typed, document, context.options.keepNewer);
}

function showProgress(
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

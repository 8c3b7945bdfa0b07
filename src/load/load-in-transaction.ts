import type { Transaction } from "../database/database.ts";
import { withRetries } from "../source/retry.ts";
import { applyDelta } from "./apply.ts";
import { classify } from "./delta.ts";
import { checkCounts, checkErrorLimit, checkShrink } from "./guards.ts";
import type { LoadContext, LoadProgress } from "./load-context.ts";
import type { CommittedLoad } from "./outcome.ts";
import { rejectOfRefusedRow } from "./refused-row.ts";
import { RejectSpool } from "./reject-spool.ts";
import { closeRun, lastFetched, type Run } from "./run-log.ts";
import { type StagedDocument, stageDocument } from "./stage-document.ts";
import { analyzeStaging, createStaging, dropLoadTables, loadTables } from "./staging.ts";
import { lockView } from "./view-lock.ts";

/** What a load has seen so far, for the record of its failure. */
export interface LoadState {
  fetched: number;
  rejects: RejectSpool;
}

export function newLoadState(run: Run): LoadState {
  return { fetched: 0, rejects: new RejectSpool(run.runId, run.view.name) };
}

/**
 * One load of one view, from the lock to the record of its success: everything between BEGIN and COMMIT.
 *
 * @param state filled on the way, so that it is known when this throws
 */
export async function loadInTransaction(
  transaction: Transaction,
  run: Run,
  context: LoadContext,
  state: LoadState,
): Promise<CommittedLoad> {
  const { database, options } = context;
  const { view, runId } = run;
  const log = context.log.child({ view: view.name, run: runId });
  const tables = loadTables(database.schema, view, runId);
  const progress = (step: LoadProgress["step"], records: number, bytes: number): void => {
    context.onProgress({ view: view.name, step, records, bytes });
  };

  await lockView(transaction, database, view, runId);

  const document = await fetchAndStage();
  log.debug({ fetched: document.fetched, bytes: document.payloadBytes }, "document staged");
  await analyzeStaging(transaction, view, tables);
  const last = await lastFetched(transaction, database.schema, view);
  checkShrink(document.fetched, last, options.allowShrink);
  checkErrorLimit(state.rejects.count, document.fetched, options.errorLimit);

  progress("classify", document.fetched, document.payloadBytes);
  const classification = await classify(transaction, view, tables, document.staged);
  log.debug(classification, "document classified");

  progress("apply", document.fetched, document.payloadBytes);
  const applied = await applyDelta(transaction, view, tables, async (position, error) => {
    state.rejects.add(await rejectOfRefusedRow(transaction, view, tables, position, error));
    checkErrorLimit(state.rejects.count, document.fetched, options.errorLimit);
  });
  await dropLoadTables(transaction, tables);

  const load: CommittedLoad = {
    view: view.name,
    status: state.rejects.count === 0 ? "success" : "partial",
    runId,
    fetched: document.fetched,
    ...applied,
    skipped: classification.unchanged + classification.duplicates,
    errors: state.rejects.count,
    duplicates: classification.duplicates,
    unchanged: classification.unchanged,
    durationMs: Math.round(performance.now() - run.startedAt),
    source: run.source.origin,
    payloadBytes: document.payloadBytes,
    payloadSha256: document.payloadSha256,
    drift: document.converter.drift,
  };
  checkCounts(load);
  progress("commit", document.fetched, document.payloadBytes);
  await state.rejects.store(transaction, database.schema);
  await closeRun(transaction, database.schema, load, document.converter.repairs);
  return load;

  /** Fetches the document and stages it; what a broken attempt has staged is undone before the next. */
  async function fetchAndStage(): Promise<StagedDocument> {
    const { source } = run;
    return withRetries(
      () => transaction.savepoint(attempt),
      source.repeatable ? options.retry : { ...options.retry, retries: 0 },
      context.signal,
      (failed) => {
        log.warn(
          { attempt: failed.attempt, retriesLeft: failed.retriesLeft, waitMs: failed.delayMs },
          `fetch failed, will try again: ${failed.error.message}`,
        );
      },
    );

    async function attempt(): Promise<StagedDocument> {
      await state.rejects.dispose();
      state.rejects = new RejectSpool(runId, view.name);
      state.fetched = 0;
      progress("fetch", 0, 0);
      const chunks = await source.open(context.signal);
      await createStaging(transaction, view, tables);
      return stageDocument(transaction, chunks, {
        view,
        tables,
        timeZone: options.timeZone,
        maxRecordBytes: options.maxRecordBytes,
        rejects: state.rejects,
        onProgress: (records, bytes) => {
          state.fetched = records;
          progress("stage", records, bytes);
        },
      });
    }
  }
}

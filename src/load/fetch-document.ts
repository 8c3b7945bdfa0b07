import type { DocumentCopy } from "../archive/document-copy.ts";
import { concealInError } from "../source/conceal-secrets.ts";
import { readAhead } from "../source/read-ahead.ts";
import type { RequestGate } from "../source/request-gate.ts";
import { withRetries } from "../source/retry.ts";
import { OtcError } from "../errors/otc-error.ts";
import { SourceError } from "../errors/source-error.ts";
import {
  type EmptyTable,
  fillTarget,
  findEmptyTable,
  openEmptyTable,
} from "./first-load/fill-empty-table.ts";
import { type KnownRows, readKnownRows } from "./known-rows/known-rows.ts";
import {
  disposeLoadState,
  inStep,
  type LoadInProgress,
  newRejectSpool,
  showProgress,
} from "./load-in-progress.ts";
import { windowTime } from "./missing/document-window.ts";
import { RejectedKeys } from "./missing/rejected-keys.ts";
import { hasRemovedRows } from "./missing/restore-returned.ts";
import type { RowDestination } from "./stage/row-stager.ts";
import { type StagedDocument, stageDocument } from "./stage/stage-document.ts";
import { copyTarget, createStaging } from "./tables/staging.ts";
import { distributedView } from "../views/view.ts";
import { WaitingRows } from "./first-load/waiting-rows.ts";

/** Dropping and building the indexes for a smaller document costs about as much as keeping them up. */
const MIN_FILL_BYTES = 4 * 1024 * 1024;

/** How long the end of a load waits for the archive to remove an incomplete copy, in milliseconds. */
const REMOVAL_PATIENCE_MS = 1000;

/**
 * Fetches the document and stages it. The rows of a failed attempt are rolled back before the next one. Where the table is
 * empty and allows it, the rows are copied directly into it, and only those that may repeat a key are staged.
 */
export async function fetchDocument(load: LoadInProgress): Promise<StagedDocument> {
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
      transaction.lost,
    );
    state.fetch = "succeeded";
    state.document = document;
    return document;
  } catch (error) {
    const isAskedToWait = error instanceof OtcError && error.cause instanceof SourceError;
    if (error instanceof SourceError || isAskedToWait) {
      state.fetch = error instanceof OtcError && error.code === "source_rejected" ? "refused" : "failed";
    }
    throw error;
  }
}

/** Where newer rows are kept, the last of several with one key may not be the one. */
function mayFillTable({ context }: LoadInProgress): boolean {
  return context.observer.mayBypassStaging && !context.options.keepNewer;
}

/**
 * A plan shows what a comparison finds; where newer rows are kept, the last record of a key may not be the one; and the
 * document has to be read again when another session changes rows meanwhile.
 */
function recognizesRows({ run, context, tables, comparesAll }: LoadInProgress): boolean {
  const { keepNewer, full } = context.options;
  return (
    tables.hasFingerprints &&
    comparesAll !== true &&
    !full &&
    !keepNewer &&
    context.observer.mayBypassStaging &&
    run.source.canReopen
  );
}

async function fetchOnce(load: LoadInProgress): Promise<StagedDocument> {
  const { run, context, state, log } = load;
  await disposeLoadState(state);
  state.rejects = newRejectSpool(run, context.options);
  const { missingCheck } = load;
  state.rejectedKeys =
    missingCheck === undefined ? undefined : new RejectedKeys(run.view, context.options.timeZone);
  state.fetched = 0;
  showProgress(load, "fetch", { fetched: 0, payloadBytes: 0 });
  // The end of the attempt aborts the fetch. A source that sends nothing would not notice it otherwise.
  const attempt = new AbortController();
  const signal = AbortSignal.any([context.signal, load.transaction.lost, attempt.signal]);
  let copy: DocumentCopy | undefined;
  try {
    const { known, chunks } = await inStep(load, "fetch", () => requestDocument(load, signal));
    if (run.source.kind === "api" && context.observer.archives)
      copy = await context.archive?.begin(run.view.name, run.runId, signal);
    return await (known === undefined && mayFillTable(load)
      ? fillOrStage(load, chunks, copy)
      : stage(load, chunks, copy, known));
  } catch (error) {
    throw run.source.conceal === undefined ? error : concealInError(error, run.source.conceal);
  } finally {
    attempt.abort();
    await copy?.end(context.shutdown.leftMs("archive", REMOVAL_PATIENCE_MS));
    state.archive = copy?.result ?? state.archive;
    if (state.archive.error !== null) log.warn(`the archive failed, not the load: ${state.archive.error}`);
  }
}

/** Sends the request, and reads which rows are known while OTC prepares its answer. */
async function requestDocument(
  load: LoadInProgress,
  signal: AbortSignal,
): Promise<{ readonly known: KnownRows | undefined; readonly chunks: AsyncIterable<Buffer> }> {
  const { run, requests } = load;
  const sent = Promise.withResolvers<undefined>();
  const gate: RequestGate = {
    enter: async (viewId, entering) => {
      await requests.enter(viewId, entering);
      sent.resolve(undefined);
    },
    leave: () => requests.leave(),
  };
  const answer = run.source.open(signal, gate);
  // The pace may hold the request back for long, and others may write to the table meanwhile.
  await Promise.race([sent.promise, answer]);
  // A failure is reported when the transaction is free again.
  answer.catch(() => undefined);
  const known = recognizesRows(load) ? await readKnown(load) : undefined;
  return { known, chunks: await answer };
}

function readKnown(load: LoadInProgress): Promise<KnownRows | undefined> {
  const { transaction, tables, fingerprinting, lastMark, missingCheck, context } = load;
  return readKnownRows(
    transaction,
    { ...tables, ...fingerprinting, lastMark },
    context.options.maxKnownRows,
    missingCheck === undefined ? undefined : `(${windowTime(missingCheck.rows)})`,
  );
}

async function fillOrStage(
  load: LoadInProgress,
  chunks: AsyncIterable<Buffer>,
  copy: DocumentCopy | undefined,
): Promise<StagedDocument> {
  const { transaction, run, tables, log } = load;
  const table = await findEmptyTable(transaction, run.view, tables);
  // Rows that come back have to be moved back before the document's rows are compared with them.
  if (table === undefined || (await hasRemovedRows(transaction, run.view))) return stage(load, chunks, copy);
  const beginning = await readAhead(chunks, MIN_FILL_BYTES, (payloadBytes) => {
    showProgress(load, "stage", { fetched: 0, payloadBytes });
  });
  if (beginning.ended || !(await openEmptyTable(transaction, run.view, tables, table))) {
    return stage(load, beginning.chunks, copy);
  }
  log.debug("the table is empty: the rows go into it themselves, and its indexes are built afterwards");
  return fill(load, beginning.chunks, copy, table);
}

async function fill(
  load: LoadInProgress,
  chunks: AsyncIterable<Buffer>,
  copy: DocumentCopy | undefined,
  { indexes, indexedColumns }: EmptyTable,
): Promise<StagedDocument> {
  const { transaction, run, tables } = load;
  const waiting = new WaitingRows(run.view);
  try {
    const document = await stageRows(load, chunks, copy, fillTarget(run.view, tables), {
      kind: "table",
      indexedColumns,
      freeze: tables.backend.freezesRows,
      waiting,
    });
    if (waiting.count > 0) await inStep(load, "stage", () => waiting.stage(transaction, tables));
    return { ...document, staged: waiting.count, filled: { rows: document.staged, indexes } };
  } finally {
    await waiting.dispose();
  }
}

async function stage(
  load: LoadInProgress,
  chunks: AsyncIterable<Buffer>,
  copy: DocumentCopy | undefined,
  known?: KnownRows,
): Promise<StagedDocument> {
  const { transaction, run, tables } = load;
  await createStaging(transaction, run.view, tables);
  return stageRows(load, chunks, copy, copyTarget(run.view, tables), { kind: "staging" }, known);
}

function stageRows(
  load: LoadInProgress,
  chunks: AsyncIterable<Buffer>,
  copy: DocumentCopy | undefined,
  target: string,
  destination: RowDestination,
  known?: KnownRows,
): Promise<StagedDocument> {
  const { transaction, run, context, state, tables } = load;
  return inStep(load, "stage", () =>
    stageDocument(transaction, chunks, {
      view: distributedView(run.view, tables.backend.distributedBy),
      target,
      destination,
      timeZone: context.options.timeZone,
      maxRecordBytes: context.options.maxRecordBytes,
      maxDocumentBytes: context.options.maxDocumentBytes,
      fingerprintKey: load.fingerprinting.key,
      known,
      rejects: state.rejects,
      rejectedKeys: state.rejectedKeys,
      copy,
      onProgress: (fetched, payloadBytes) => {
        state.fetched = fetched;
        showProgress(load, "stage", { fetched, payloadBytes });
      },
    }),
  );
}

import { readTableBackend } from "../database/table-backend.ts";
import type { Transaction } from "../database/database.ts";
import { qualifiedName } from "../database/identifier.ts";
import type { SchemaDrift } from "../views/record-converter.ts";
import { readFingerprinting } from "./known-rows/fingerprint-key.ts";
import { KnownRowsChanged, markWrites } from "./known-rows/known-rows.ts";
import { fetchDocument } from "./fetch-document.ts";
import { type FieldProfile, lastProfiles, profileDocument, storeProfiles } from "./drift/field-profile.ts";
import { driftWarnings } from "./drift/drift.ts";
import type { DriftWarning } from "../runs/drift-warning.ts";
import { finishFilledTable } from "./finish-filled-table.ts";
import { checkCounts } from "./guards/counts.ts";
import { checkDigest } from "./guards/digest.ts";
import { checkErrorLimit } from "./guards/error-limit.ts";
import { lateBefore } from "./guards/late.ts";
import { checkShrink } from "./guards/shrink.ts";
import type { LoadContext } from "./load-context.ts";
import { enforceGuard, type LoadInProgress, type LoadState, showProgress } from "./load-in-progress.ts";
import type { CommittedLoad } from "../runs/outcome.ts";
import { setBackendSettings, setPlannerSettings } from "./tables/planner-settings.ts";
import { countRows } from "../runs/queries/read-table-sizes.ts";
import type { RequestLog } from "../throttle/request-log.ts";
import { storeRejects } from "../runs/rejects/store-rejects.ts";
import { closeRun, isPlanned, type LastLoad, readLastLoad, readLastMark, type Run } from "../runs/run-log.ts";
import type { StagedDocument } from "./stage/stage-document.ts";
import { loadTables } from "./tables/load-tables.ts";
import { dropLoadTables } from "./tables/staging.ts";
import { lockView } from "../runs/view-lock.ts";
import { walPosition, walSince } from "./tables/wal.ts";
import { openMissingCheck } from "./missing/missing-check.ts";
import { writeDocument, type WrittenRows } from "./write-document.ts";

/** With more of its records known, and not read, a document has no profile; the last one stays. */
const MOST_KNOWN = 0.1;

/**
 * One load of one view: everything between BEGIN and COMMIT, with what its source does before and after.
 *
 * @param requests where requests to OTC are counted
 * @param state the load's own, kept outside so that what it has seen is known when this throws
 */
export async function loadInTransaction(
  transaction: Transaction,
  run: Run,
  context: LoadContext,
  requests: RequestLog,
  state: LoadState,
): Promise<CommittedLoad> {
  const { source } = run;
  try {
    const committed = await loadLocked(transaction, run, context, requests, state);
    await source.finish?.(state.rejects);
    return committed;
  } finally {
    await source.dispose?.();
  }
}

/** From the lock to the record of the load's success. */
async function loadLocked(
  transaction: Transaction,
  run: Run,
  context: LoadContext,
  requests: RequestLog,
  state: LoadState,
): Promise<CommittedLoad> {
  const { database, options, signal } = context;
  const { view, runId } = run;
  const log = context.log.child({ view: view.name, run: isPlanned(run) ? null : runId });
  state.meter.begin();
  const walBefore = await walPosition(transaction);
  await setPlannerSettings(transaction);
  await lockView(transaction, {
    view,
    runId,
    waitMs: options.lockWaitMs,
    signal,
    onWait: (reason) => {
      log.info(`waiting: ${reason}`);
    },
  });

  await run.source.prepare?.(transaction, runId, view);

  const target = qualifiedName(database.schema, view.table);
  const backend = await readTableBackend(transaction, database.backend, target);
  await setBackendSettings(transaction, backend);
  const fingerprinting = await readFingerprinting(transaction, view, { target, backend }, options.timeZone);
  const tables = loadTables(database.schema, view, runId, {
    backend,
    hasFingerprints: fingerprinting.isStored,
  });
  const last = await readLastLoad(transaction, view);
  // Whatever is brought in otherwise is not all that OTC has, and may be as old as it likes.
  const isFromApi = run.kind === "load" && run.source.kind === "api";
  const missingCheck =
    options.looksForMissing || isFromApi
      ? await openMissingCheck(
          transaction,
          view,
          tables,
          options.missingModeOf(view),
          options.acceptMissing,
          (problem) => {
            log.warn(`missing rows are not looked for: ${problem}`);
          },
        )
      : undefined;
  const lastStart = isFromApi ? (last?.startedAt ?? undefined) : undefined;
  const load: LoadInProgress = {
    transaction,
    run,
    context,
    state,
    tables,
    fingerprinting,
    lastMark: backend.sumsRows ? await readLastMark(transaction, view) : undefined,
    missingCheck,
    lateBefore: lastStart === undefined ? undefined : lateBefore(lastStart),
    log,
    requests,
  };
  const { document, profiles, written } = await fetchAndWrite(load, last);
  await dropLoadTables(transaction, tables);

  state.meter.savepoints = transaction.savepoints;
  if (tables.backend.walCounters) state.meter.walBytes = await walSince(transaction, walBefore);
  const drift = driftOf(document, last);
  const committed: CommittedLoad = {
    view: view.name,
    status: state.rejects.count === 0 && written.missingProblem === null ? "success" : "partial",
    runId,
    fetched: document.fetched,
    inserted: written.inserted,
    updated: written.updated,
    skipped: written.unchanged + written.duplicates,
    errors: state.rejects.count,
    duplicates: written.duplicates,
    unchanged: written.unchanged,
    missing: written.missing,
    returned: written.returned,
    rekeyed: written.rekeyed,
    missingProblem: written.missingProblem,
    late: written.late,
    durationMs: Math.round(performance.now() - run.startedAt),
    source: run.source.origin,
    payloadBytes: document.payloadBytes,
    payloadSha256: document.payloadSha256,
    archive: state.archive,
    drift,
    driftWarnings: await noticeDrift(load, drift, last, profiles),
    ...(written.wrongFingerprints === undefined ? {} : { wrongFingerprints: written.wrongFingerprints }),
    metrics: state.meter.metrics,
  };
  checkCounts(committed);
  showProgress(load, "commit", document);
  const seenAgain =
    run.source.quarantined === true || !context.observer.quarantines
      ? null
      : await storeRejects(transaction, run, state.rejects);
  await storeProfiles(transaction, view, runId, profiles);
  const tableRows = rowsAfterwards(document, written) ?? (await countRows(transaction, tables.target));
  // A document that is not OTC's whole one leaves rows that others have changed.
  const hasCompared = written.wasUntouched || (isFromApi && document.known === undefined);
  const leftMark =
    backend.sumsRows && hasCompared
      ? await markWrites(transaction, { ...tables, ...fingerprinting })
      : undefined;
  const known = document.known?.fingerprints.countSeen().records ?? 0;
  await closeRun(transaction, committed, {
    ...document.repairs,
    rejects: { reasons: state.rejects.reasons, stored: state.rejects.stored, seenAgain },
    tableRows,
    leftMark,
    known,
    reformatted: written.compared,
    isJudgedByDate: isFromApi,
  });
  return committed;
}

/** How many rows the table has now, which nobody else can have written to; undefined when they have to be counted. */
function rowsAfterwards(
  { filled }: StagedDocument,
  { inserted, rowsBefore, missing, returned, rekeyed }: WrittenRows,
): number | undefined {
  // The table was empty.
  if (filled !== undefined) return inserted;
  // Missing rows may have been moved out of the table or back, or only marked.
  return rowsBefore === undefined || missing + returned + rekeyed > 0 ? undefined : rowsBefore + inserted;
}

/** Fetches and writes the document; once more, without the help of known rows, when those were not left alone meanwhile. */
async function fetchAndWrite(load: LoadInProgress, last: LastLoad | undefined): Promise<WrittenDocument> {
  try {
    return await fetchAndWriteOnce(load, last);
  } catch (error) {
    if (!(error instanceof KnownRowsChanged)) throw error;
    load.log.info(`the document is fetched again, and every record compared: ${error.message}`);
    await dropLoadTables(load.transaction, load.tables);
    return fetchAndWriteOnce({ ...load, comparesAll: true }, last);
  }
}

interface WrittenDocument {
  readonly document: StagedDocument;
  readonly profiles: readonly FieldProfile[];
  readonly written: WrittenRows;
}

async function fetchAndWriteOnce(load: LoadInProgress, last: LastLoad | undefined): Promise<WrittenDocument> {
  const { run, context, state, log } = load;
  const { options } = context;
  const document = await fetchDocument(load);
  log.debug({ fetched: document.fetched, bytes: document.payloadBytes }, "document staged");
  checkDigest(document.payloadSha256, run.source.sha256, run.source.origin);
  enforceGuard(load, "shrink", checkShrink(document.fetched, last?.fetched, options.allowShrink));
  enforceGuard(
    load,
    "error_limit",
    checkErrorLimit(state.rejects.count, document.fetched, options.errorLimit),
  );
  // An import, a replay or a reload shows nothing about what OTC sends now.
  const profiles = run.kind === "load" ? await profileOf(load, document) : [];
  const written =
    document.filled === undefined
      ? await writeDocument(load, document)
      : await finishFilledTable(load, document, document.filled);
  return { document, profiles, written };
}

/** The records of known rows were not read; each field that some had at the last load, they may still have. */
function driftOf({ drift, known }: StagedDocument, last: LastLoad | undefined): SchemaDrift {
  if (known === undefined || known.fingerprints.countSeen().rows === 0) return drift;
  return { ...drift, absentFields: drift.absentFields.filter((field) => last?.absentFields.includes(field)) };
}

/** Of a table that was filled directly, the few rows that wait are left out. */
function profileOf(
  { transaction, run, tables }: LoadInProgress,
  { fetched, known, staged, filled, rejectedFields }: StagedDocument,
): Promise<readonly FieldProfile[]> {
  // A few new and changed records are no sample of the document.
  if ((known?.fingerprints.countSeen().records ?? 0) > fetched * MOST_KNOWN) return Promise.resolve([]);
  const [table, rows] = filled === undefined ? [tables.staging, staged] : [tables.target, filled.rows];
  return profileDocument(transaction, run.view, table, { staged: rows, rejectedFields });
}

async function noticeDrift(
  { transaction, run }: LoadInProgress,
  drift: SchemaDrift,
  last: LastLoad | undefined,
  profiles: readonly FieldProfile[],
): Promise<readonly DriftWarning[]> {
  if (last === undefined || run.kind !== "load") return [];
  return driftWarnings(
    {
      records: last.fetched,
      unknownFields: Object.keys(last.unknownFields),
      absentFields: last.absentFields,
      profiles: await lastProfiles(transaction, run.view),
    },
    {
      records: drift.records,
      unknownFields: [...drift.unknownFields.keys()],
      absentFields: drift.absentFields,
      profiles,
    },
  );
}

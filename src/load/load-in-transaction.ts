import type { Transaction } from "../database/database.ts";
import { fetchDocument } from "./fetch-document.ts";
import { type FieldProfile, lastProfiles, profileDocument, storeProfiles } from "./drift/field-profile.ts";
import { driftWarnings } from "./drift/drift.ts";
import type { DriftWarning } from "../runs/drift-warning.ts";
import { finishFilledTable } from "./finish-filled-table.ts";
import { checkCounts, checkDigest, checkErrorLimit, checkShrink } from "./guards.ts";
import type { LoadContext } from "./load-context.ts";
import { enforceGuard, type LoadInProgress, type LoadState, showProgress } from "./load-in-progress.ts";
import type { CommittedLoad } from "../runs/outcome.ts";
import { setPlannerSettings } from "./tables/planner-settings.ts";
import { countRows } from "../runs/read-table-sizes.ts";
import type { RequestLog } from "../throttle/request-log.ts";
import { closeRun, type LastLoad, readLastLoad, type Run } from "../runs/run-log.ts";
import type { StagedDocument } from "./stage/stage-document.ts";
import { dropLoadTables, loadTables } from "./tables/staging.ts";
import { lockView } from "../runs/view-lock.ts";
import { walPosition, walSince } from "./tables/wal.ts";
import { writeDocument } from "./write-document.ts";

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
  const { source, runId, view } = run;
  try {
    await source.prepare?.(transaction, runId, view);
    const committed = await loadPrepared(transaction, run, context, requests, state);
    await source.finish?.(transaction);
    return committed;
  } finally {
    await source.dispose?.();
  }
}

/** From the lock to the record of the load's success. */
async function loadPrepared(
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
  await lockView(transaction, {
    view,
    runId,
    waitMs: options.lockWaitMs,
    signal,
    onWait: (reason) => {
      log.info(`waiting: ${reason}`);
    },
  });

  const document = await fetchDocument(load);
  log.debug({ fetched: document.fetched, bytes: document.payloadBytes }, "document staged");
  checkDigest(document.payloadSha256, run.source.sha256, run.source.origin);
  const last = await readLastLoad(transaction, view);
  enforceGuard(load, "shrink", checkShrink(document.fetched, last?.fetched, options.allowShrink));
  enforceGuard(
    load,
    "error_limit",
    checkErrorLimit(state.rejects.count, document.fetched, options.errorLimit),
  );
  // What is brought in otherwise says nothing of what OTC sends now.
  const profiles = run.kind === "load" ? await profileOf(load, document) : [];

  const written =
    document.filled === undefined
      ? await writeDocument(load, document)
      : await finishFilledTable(load, document, document.filled);
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
  await state.rejects.store(transaction);
  await storeProfiles(transaction, view, runId, profiles);
  // What was empty and is locked since holds what this load has put there.
  const tableRows =
    document.filled === undefined ? await countRows(transaction, tables.target) : written.inserted;
  await closeRun(transaction, committed, { ...document.repairs, tableRows });
  return committed;
}

/** Of a table that was filled directly, the few rows that wait are left out. */
function profileOf(
  { transaction, run, tables }: LoadInProgress,
  { staged, filled, rejectedFields }: StagedDocument,
): Promise<readonly FieldProfile[]> {
  const [table, rows] = filled === undefined ? [tables.staging, staged] : [tables.target, filled.rows];
  return profileDocument(transaction, run.view, table, { staged: rows, rejectedFields });
}

async function noticeDrift(
  { transaction, run }: LoadInProgress,
  { drift }: StagedDocument,
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

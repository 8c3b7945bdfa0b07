import { setTimeout as sleep } from "node:timers/promises";
import { DatabaseError } from "../database/database-error.ts";
import { type Applied, applyDelta } from "./apply/apply.ts";
import { type Classification, classify, classifyKnown } from "./classify/delta.ts";
import { requireSingleKeys } from "./classify/require-single-keys.ts";
import { createPartitions } from "../partitions/division.ts";
import { checkErrorLimit } from "./guards/error-limit.ts";
import { historyStatement } from "./apply/history.ts";
import { LateCheck } from "./late-check.ts";
import { enforceGuard, inStep, type LoadInProgress, showProgress } from "./load-in-progress.ts";
import { rejectOfRefusedRow } from "./apply/refused-row.ts";
import type { Reject } from "../runs/rejects/reject-spool.ts";
import type { StagedDocument } from "./stage/stage-document.ts";
import { lockAgainstWriters } from "./tables/lock-against-writers.ts";
import { refreshFingerprints } from "./apply/refresh-fingerprints.ts";
import { countWrongFingerprints } from "./known-rows/count-wrong-fingerprints.ts";
import { markWrites, requireKnownRows, type RowCounts } from "./known-rows/known-rows.ts";
import { type MissingCounts, NONE_MISSING, settleMissing } from "./missing/settle-missing.ts";
import { NOTHING_RETURNED, restoreReturned } from "./missing/restore-returned.ts";
import type { LoadTables } from "./tables/load-tables.ts";
import type { CheckedDocument } from "./missing/find-absent.ts";
import { lastReformattedShare } from "../runs/run-log.ts";
import { inTargetTypes } from "./tables/target-types.ts";

/** A conflict such as a deadlock rarely occurs again, and almost never three times in a row. */
const CONFLICT_RETRIES = 3;

/** The part of the records that OTC may write in another way every night, without a change, and get new fingerprints. */
const MOST_REFORMATTED = 0.1;

/** The longest random pause before another attempt, in ms. It keeps two sessions from the same conflict again. */
const CONFLICT_PAUSE_MS = 500;

/**
 * Classifies and applies. After a deadlock or a serialization failure only these two steps are repeated: the document is
 * already staged, and is not fetched again.
 */
export async function writeDocument(load: LoadInProgress, document: StagedDocument): Promise<WrittenRows> {
  const { transaction, context, state, log } = load;
  for (let attempt = 1; ; attempt += 1) {
    const writing = new WriteAttempt(load, document);
    try {
      const written = await transaction.savepoint(() => writing.run());
      writing.quarantineRefused();
      return written;
    } catch (error) {
      const mayRetry = error instanceof DatabaseError && error.isConflict && attempt <= CONFLICT_RETRIES;
      if (!mayRetry) {
        writing.quarantineRefused();
        throw error;
      }
      state.meter.retries += 1;
      log.warn({ attempt }, `will write again: ${error.message}`);
      await sleep(Math.random() * CONFLICT_PAUSE_MS, undefined, { signal: context.signal });
    }
  }
}

/** What became of the rows of the document and of the table. */
export interface WrittenRows extends Classification, Applied, MissingCounts {
  /** How many rows the table had before; undefined when nobody has counted them. */
  readonly rowsBefore?: number | undefined;
  /** Inserted records whose date says that the last load should have had them. */
  readonly late: number;
  /** Rows that had the fingerprint of their record and differed from it; known after a load with `--full`. */
  readonly wrongFingerprints?: number;
  /** Whether the table was as the last load had left it; true only where that can be told. */
  readonly wasUntouched: boolean;
}

/** One attempt to write a document; it owns the rows that the database refuses in it. */
class WriteAttempt {
  readonly #load: LoadInProgress;
  readonly #document: StagedDocument;
  readonly #refused: Reject[] = [];

  constructor(load: LoadInProgress, document: StagedDocument) {
    this.#load = load;
    this.#document = document;
  }

  async run(): Promise<WrittenRows> {
    const { transaction, run, context, tables, fingerprinting, lastMark, log } = this.#load;
    const document = this.#document;
    const { observer } = context;

    showProgress(this.#load, "classify", document);
    const { timeZone, keepNewer } = context.options;
    const { tables: typed, mergesKeys } = await inTargetTypes(
      transaction,
      run.view,
      tables,
      timeZone,
      this.#onRefused,
    );
    const staged = document.staged - this.#refused.length;
    const possibleDuplicates = mergesKeys ? staged : document.possibleDuplicates;
    await observer.beforeDuplicates(transaction, run.view, typed, possibleDuplicates);
    const { known } = document;
    let before: RowCounts | undefined;
    let wasUntouched = false;
    let returned = NOTHING_RETURNED;
    const classification = await inStep(this.#load, "classify", async () => {
      await lockAgainstWriters(transaction, tables.target);
      const { sumsRows } = tables.backend;
      const mark =
        known !== undefined || sumsRows
          ? await markWrites(transaction, { ...tables, ...fingerprinting })
          : undefined;
      wasUntouched = sumsRows && mark === lastMark;
      // A load leaves single keys.
      if (!wasUntouched) await requireSingleKeys(transaction, run.view, tables);
      if (tables.backend.createsPartitions && staged > 0) {
        const created = await createPartitions(transaction, run.view, tables.staging);
        if (created.length > 0) log.info({ partitions: created }, "partitions created");
      }
      if (known !== undefined) before = await requireKnownRows(transaction, tables, known, mark);
      if (staged > 0) returned = await restoreReturned(transaction, run.view, typed);
      if (known !== undefined && staged === 0) return classifyKnown(known);
      return classify(transaction, run.view, typed, { staged, possibleDuplicates, known }, keepNewer);
    });
    log.debug(classification, "document classified");
    const wrongFingerprints =
      context.options.full && typed.hasFingerprints && !classification.allNew
        ? await countWrongFingerprints(transaction, run.view, typed)
        : undefined;

    const lateCheck = new LateCheck(this.#load, document, typed, classification);
    await lateCheck.enforce(this.#refused);

    showProgress(this.#load, "apply", document);
    const changeLogs = [
      historyStatement(run.view, typed, context.database.schema, run.runId, context.options.historyColumns),
      ...(await observer.beforeDelta(transaction, run.view, typed)),
    ].filter((statement) => statement !== undefined);
    const { applied, missing } = await inStep(this.#load, "apply", async () => {
      const applied = await applyDelta(
        transaction,
        {
          view: run.view,
          tables: typed,
          classification,
          mayPutOffIndexes: observer.mayBypassStaging,
          changeLogs,
        },
        this.#onRefused,
      );
      await observer.afterDelta(transaction, run.view, typed);
      await refreshCompared(this.#load, document, typed, classification);
      const hasChanges = classification.changed > 0;
      return {
        applied,
        missing: await this.#settleMissing(typed, {
          known,
          unmarked: before?.unmarked,
          wasEmpty: classification.allNew,
          hasChanges,
        }),
      };
    });
    const problems = [returned.problem, missing.missingProblem].filter(
      (problem) => typeof problem === "string",
    );
    return {
      ...classification,
      ...applied,
      ...missing,
      late: await lateCheck.countInserted(this.#refused),
      rowsBefore: before?.rows,
      wasUntouched,
      returned: returned.returned + missing.returned,
      missingProblem: problems.length === 0 ? null : problems.join(" "),
      ...(wrongFingerprints === undefined ? {} : { wrongFingerprints }),
    };
  }

  /** Nothing can be missing in a table that has been filled from this document. */
  async #settleMissing(
    typed: LoadTables,
    {
      known,
      unmarked,
      wasEmpty,
      hasChanges,
    }: Pick<CheckedDocument, "known" | "unmarked" | "wasEmpty"> & { readonly hasChanges: boolean },
  ): Promise<MissingCounts> {
    const { transaction, run, context, state, missingCheck } = this.#load;
    const { rejectedKeys } = state;
    if (missingCheck === undefined || rejectedKeys === undefined || this.#document.filled !== undefined) {
      return NONE_MISSING;
    }
    const { runId, view } = run;
    const settled = { runId, document: { known, unmarked, wasEmpty }, rejectedKeys, hasChanges };
    const counts = await settleMissing(transaction, view, typed, missingCheck, settled);
    await context.observer.afterMissing(transaction, view, typed);
    return counts;
  }

  /** The refused rows count, whatever has become of the others; those of an attempt that is repeated do not. */
  quarantineRefused(): void {
    for (const reject of this.#refused) this.#load.state.rejects.add(reject);
  }

  readonly #onRefused = async (position: number, error: DatabaseError): Promise<void> => {
    const { transaction, run, context, state, tables } = this.#load;
    const reject = await rejectOfRefusedRow(transaction, run.view, tables, position, error);
    this.#refused.push(reject);
    state.rejectedKeys?.add(reject.raw);
    const errors = state.rejects.count + this.#refused.length;
    const tripped = checkErrorLimit(errors, this.#document.fetched, context.options.errorLimit);
    enforceGuard(this.#load, "error_limit", tripped);
  };
}

/**
 * Rows that were compared and had not changed get the fingerprints of their records, so that the next load recognizes
 * them. Where OTC writes most records in another way every night, that would write the whole table each time for nothing:
 * it is left out after a night in which many rows had to be compared.
 */
async function refreshCompared(
  { transaction, run, context, log }: LoadInProgress,
  { fetched }: StagedDocument,
  tables: LoadTables,
  { compared }: Classification,
): Promise<void> {
  if (!tables.hasFingerprints || compared === 0 || context.options.keepNewer) return;
  const share = await lastReformattedShare(transaction, run.view);
  if (compared > fetched * MOST_REFORMATTED && share > MOST_REFORMATTED) return;
  try {
    const rows = await transaction.savepoint(() => refreshFingerprints(transaction, run.view, tables));
    log.debug({ rows }, "fingerprints of unchanged rows written");
  } catch (error) {
    // A trigger or constraint that another role added may refuse it. The next load then compares the rows again.
    if (!(error instanceof DatabaseError) || !error.isRowError) throw error;
    log.debug(`fingerprints of unchanged rows not written: ${error.message}`);
  }
}

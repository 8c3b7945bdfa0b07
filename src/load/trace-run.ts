import type { TraceSpan, Tracing } from "../tracing/tracing.ts";
import type { LoadOutcome } from "../runs/outcome.ts";
import type { Run } from "../runs/run-log.ts";

/** Begins the span of a run, from the time it was opened; undefined when nobody asks for traces. */
export function traceRun(tracing: Tracing | undefined, run: Run): TraceSpan | undefined {
  return tracing?.begin(
    `${run.kind} ${run.view.name}`,
    {
      "otc_etl.view": run.view.name,
      "otc_etl.run_id": run.runId,
      "otc_etl.kind": run.kind,
      "otc_etl.source": run.source.kind,
      "db.system.name": "postgresql",
    },
    run.startedAt,
  );
}

/** Ends the span of a run with what came of it. */
export function traceOutcome(span: TraceSpan | undefined, outcome: LoadOutcome): void {
  if (span === undefined) return;
  const { status, fetched, inserted, updated, skipped, errors } = outcome;
  span.set({
    "otc_etl.status": status,
    "otc_etl.fetched": fetched,
    "otc_etl.inserted": inserted,
    "otc_etl.updated": updated,
    "otc_etl.skipped": skipped,
    "otc_etl.errors": errors,
    "otc_etl.missing": outcome.missing,
    "otc_etl.returned": outcome.returned,
    "otc_etl.rekeyed": outcome.rekeyed,
  });
  if (outcome.status === "failed") {
    span.end(outcome.error);
    return;
  }
  span.set({
    "otc_etl.payload_bytes": outcome.payloadBytes,
    "otc_etl.savepoints": outcome.metrics.savepoints,
    "otc_etl.retries": outcome.metrics.retries,
    ...(outcome.metrics.walBytes === null ? {} : { "otc_etl.wal_bytes": outcome.metrics.walBytes }),
  });
  span.end();
}

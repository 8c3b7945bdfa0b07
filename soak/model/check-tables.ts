import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { SIMULATED_VIEWS, type SimulatedView } from "../../src/simulator/document.ts";
import { compareRows, CONTRACTS, selectCells } from "../../test/support/expected-rows.ts";
import type { SoakDatabase } from "../processes/soak-database.ts";
import type { SourceModel } from "./source-model.ts";

/** The schema of otc-etl's tables in a soak. */
export const SCHEMA = "servicedesk";

/** Between two looks at what loads have left. */
const PAUSE_MS = 100;

/** More differences than these are only counted. */
const DIFFERENCES_SHOWN = 5;

interface RecordedRun {
  readonly runId: number;
  readonly view: SimulatedView;
  readonly status: string;
  readonly hasEnded: boolean;
  readonly fetched: number;
  readonly accounted: number;
  readonly errors: number;
  readonly sha256: string | null;
}

/** How the runs ended that are on record. */
export type Outcomes = Readonly<Record<string, number>>;

/** Compares the tables and the recorded runs with the model. */
export class TableCheck {
  readonly #model: SourceModel;
  #lastRunId = 0;
  /** Runs that were `running` when they were last seen. */
  #open = new Set<number>();

  constructor(model: SourceModel) {
    this.#model = model;
  }

  /**
   * Checks everything in one snapshot.
   *
   * @returns what does not hold, in words
   */
  async check(client: pg.Client): Promise<readonly string[]> {
    await client.query("begin isolation level repeatable read read only");
    const problems = await this.#applyRuns(client);
    for (const view of SIMULATED_VIEWS) problems.push(...(await this.#compareView(client, view)));
    problems.push(...(await strayRejects(client)));
    await client.query("commit");
    return problems;
  }

  /** Tells the model of the loads that were committed since the last check. */
  async #applyRuns(client: pg.Client): Promise<string[]> {
    const { rows } = await client.query<RecordedRun>(
      `select run_id::int as "runId", view_name as view, load_status as status, load_end is not null as "hasEnded",
         records_fetched::int as fetched, records_errors::int as errors,
         (records_inserted + records_updated + records_skipped + records_errors)::int as accounted,
         payload_sha256 as sha256
       from ${SCHEMA}.etl_metadata
       where run_id > $1 or run_id = any($2)
       order by run_id`,
      [this.#lastRunId, [...this.#open]],
    );
    const problems: string[] = [];
    // Loads of a view follow each other, so the order of their ids is that of their commits.
    for (const run of rows) {
      const isCommitted = run.status === "success" || run.status === "partial";
      this.#lastRunId = Math.max(this.#lastRunId, run.runId);
      if (run.status === "running") this.#open.add(run.runId);
      else this.#open.delete(run.runId);
      if (run.hasEnded === (run.status === "running")) {
        problems.push(`run ${run.runId} is ${run.status}, and ${run.hasEnded ? "has ended" : "has no end"}`);
      }
      if (!isCommitted) continue;
      if (run.fetched !== run.accounted) {
        problems.push(`run ${run.runId} fetched ${run.fetched} records and accounts for ${run.accounted}`);
      }
      const records = this.#model.commit(run.view, run.sha256 ?? "");
      if (records !== run.fetched) {
        problems.push(
          `run ${run.runId} fetched ${run.fetched} records of a document of ${records ?? "no"} records`,
        );
      }
      const rejected = this.#model.expected(run.view).rejected.length;
      if (rejected !== run.errors) {
        problems.push(`run ${run.runId} rejected ${run.errors} records instead of ${rejected}`);
      }
    }
    return problems;
  }

  async #compareView(client: pg.Client, view: SimulatedView): Promise<string[]> {
    const contract = CONTRACTS.find(({ name }) => name === view);
    if (contract === undefined) return [`there is no contract of ${view}`];
    const expected = this.#model.expected(view);
    const table = await client.query<{ cells: string }>(selectCells(contract, `${SCHEMA}.${view}`));
    const archive = await client.query<{ cells: string }>(selectCells(contract, `${SCHEMA}.${view}_deleted`));
    const { differences } = compareRows(contract, expected.rows, [...table.rows, ...archive.rows]);
    // What OTC sent last is in the table, whatever was archived before.
    const present = new Map([...expected.rows].filter(([key]) => expected.present.has(key)));
    const absent = compareRows(contract, present, table.rows).differences.filter((text) =>
      text.endsWith(": missing"),
    );
    const problems = [...differences, ...absent];
    const { rows: stored } = await client.query<{ count: number }>(
      `select count(*)::int as count
       from unnest($2::text[]) as sent
       where exists (select from ${SCHEMA}.etl_rejects where view_name = $1 and raw_record = sent)`,
      [view, expected.rejected.map((record) => JSON.stringify(record))],
    );
    if (stored[0]?.count !== expected.rejected.length) {
      problems.push(
        `${view}: ${stored[0]?.count ?? 0} of ${expected.rejected.length} rejected records are in quarantine`,
      );
    }
    return problems.length <= DIFFERENCES_SHOWN
      ? problems
      : [...problems.slice(0, DIFFERENCES_SHOWN), `${view}: ${problems.length} differences in all`];
  }
}

/** Rejected records of loads that were rolled back without being recorded as failed. */
async function strayRejects(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ runId: number; records: number }>(
    `select run_id::int as "runId", count(*)::int as records
     from ${SCHEMA}.etl_rejects join ${SCHEMA}.etl_metadata using (run_id)
     where load_status in ('running', 'abandoned')
     group by run_id`,
  );
  return rows.map(({ runId, records }) => `${records} rejected records of run ${runId}, which did not end`);
}

/** The number of recorded runs per status. */
export async function readOutcomes(client: pg.Client): Promise<Outcomes> {
  const { rows } = await client.query<{ status: string; runs: number }>(
    `select load_status as status, count(*)::int as runs from ${SCHEMA}.etl_metadata group by 1 order by 1`,
  );
  return Object.fromEntries(rows.map(({ status, runs }) => [status, runs]));
}

/**
 * What a load leaves only while it runs: its tables, locks and transactions.
 *
 * @param graceMs how long the server has to notice that a client is gone
 * @returns what is still there after that, in words
 */
export async function readLeftovers(database: SoakDatabase, graceMs: number): Promise<readonly string[]> {
  const deadline = performance.now() + graceMs;
  for (;;) {
    const leftovers = await database.with(findLeftovers);
    if (leftovers.length === 0 || performance.now() > deadline) return leftovers;
    await sleep(PAUSE_MS);
  }
}

async function findLeftovers(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ what: string }>(
    `select 'table ' || relname as what
     from pg_class where relname ~ '^etl_[a-z_]+_(tickets|comments|timesheets)_[0-9]+$'
     union all
     select 'advisory lock of session ' || pid
     from pg_locks
     where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())
     union all
     select 'transaction of "' || application_name || '": ' || left(query, 80)
     from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null
       and backend_type = 'client backend'`,
  );
  return rows.map(({ what }) => what);
}

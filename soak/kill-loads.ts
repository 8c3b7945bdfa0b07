import { setTimeout as sleep } from "node:timers/promises";
import { RecordRandom } from "../src/simulator/records/record-random.ts";
import type { Scale } from "../src/simulator/scale.ts";
import { startSimulator } from "../src/simulator/server.ts";
import { beginFault, drawFault, type Fault, type Moment, type SoakPlace } from "./faults.ts";
import { type Outcomes, readLeftovers, readOutcomes, SCHEMA, TableCheck } from "./model/check-tables.ts";
import { SourceModel } from "./model/source-model.ts";
import type { PassingStatement, Verdict } from "./proxy/fault-proxy.ts";
import { Command, type CommandEnd, type Environment } from "./processes/command.ts";
import { sourceEnv } from "./source-env.ts";

export interface KillOptions {
  readonly kills: number;
  readonly seed: number;
  readonly scale: Scale;
}

export interface KillResult {
  readonly kills: number;
  /** Loads without a fault, and those that ended before theirs. */
  readonly undisturbed: number;
  /** How many faults hit each step, by the kind of the fault. */
  readonly bySteps: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly outcomes: Outcomes;
  /** What did not hold, in words. */
  readonly problems: readonly string[];
}

/** Where a load is hit: at a statement of a step, counted from 1 in the whole command, or at a part of its usual time. */
type Point =
  | { readonly kind: "statement"; readonly step: string; readonly number: number; readonly moment: Moment }
  | { readonly kind: "time"; readonly share: number };

/** A load that does not end within so many milliseconds hangs. */
const LONGEST_LOAD_MS = 180_000;

/** After a fault, the server has so many milliseconds to notice that a client is gone. */
const GRACE_MS = 30_000;

/** After so many loads with a fault, one without has to succeed. */
const LOADS_BETWEEN_CHECKS = 10;

/** Faults come at statements of these steps more often than their number of statements says. */
const PREFERRED_STEPS = ["apply", "commit"];

/** Exit codes of a load that was rolled back in order, or committed. */
const ORDERLY = new Set([0, 1, 3, 75]);

/** Runs loads that are hit by faults at drawn points, and compares the tables with the model after each. */
export async function killLoads(
  place: SoakPlace,
  env: Environment,
  { kills, seed, scale }: KillOptions,
  log: (line: string) => void,
): Promise<KillResult> {
  const simulator = await startSimulator({ seed, scale, corrections: true });
  try {
    const runner = new KillRunner(
      place,
      { ...env, ...sourceEnv(simulator.url) },
      new SourceModel(seed, scale),
    );
    while (runner.kills < kills && runner.problems.length === 0) {
      const round = runner.rounds;
      const random = new RecordRandom(seed, "day", round);
      const served = { day: round, flaws: random.chance(0.3) ? 1 + random.below(3) : 0 };
      simulator.setDay(served.day);
      simulator.setFlaws(served.flaws);
      runner.model.serve(served);
      log(`${runner.kills} of ${kills} kills; ${await runner.round(random)}`);
    }
    await runner.undisturbedLoad();
    return await runner.result();
  } finally {
    await simulator.close();
  }
}

class KillRunner {
  readonly model: SourceModel;
  readonly problems: string[] = [];
  kills = 0;
  rounds = 0;
  readonly #place: SoakPlace;
  readonly #env: Environment;
  readonly #check: TableCheck;
  readonly #bySteps: Record<string, Record<string, number>> = {};
  #undisturbed = 0;
  /** Statements per step of the last load without a fault. */
  #statements = new Map<string, number>();
  #usualMs = 0;

  constructor(place: SoakPlace, env: Environment, model: SourceModel) {
    this.#place = place;
    this.#env = env;
    this.model = model;
    this.#check = new TableCheck(model);
  }

  /** @returns what happened, in words */
  async round(random: RecordRandom): Promise<string> {
    this.rounds += 1;
    if (this.#statements.size > 0 && this.rounds % (LOADS_BETWEEN_CHECKS + 1) > 0) {
      return this.#disturbedLoad(this.#drawPoint(random), drawFault(random, this.#place));
    }
    await this.undisturbedLoad();
    return "no fault";
  }

  /** Everything works, and what killed loads left is settled. */
  async undisturbedLoad(): Promise<void> {
    const { proxy, database } = this.#place;
    const seen = new Map<string, number>();
    proxy.onStatement = ({ step }) => {
      seen.set(step, (seen.get(step) ?? 0) + 1);
      return "pass";
    };
    const startedAt = performance.now();
    const end = await this.#endOf(new Command(["load", "--json"], this.#env));
    this.#usualMs = performance.now() - startedAt;
    this.#statements = seen;
    this.#undisturbed += 1;
    if (end.code !== 0 && end.code !== 3) this.#report(`a load without a fault failed: ${end.stderr}`);
    await this.#checkAll("without a fault", end);
    const running = await database.rows<{ runId: number }>(
      `select run_id::int as "runId" from ${SCHEMA}.etl_metadata where load_status = 'running'`,
    );
    for (const { runId } of running) this.#report(`run ${runId} is still running after a load`);
  }

  async result(): Promise<KillResult> {
    return {
      kills: this.kills,
      undisturbed: this.#undisturbed,
      bySteps: this.#bySteps,
      outcomes: await this.#place.database.with(readOutcomes),
      problems: this.problems,
    };
  }

  #drawPoint(random: RecordRandom): Point {
    if (random.chance(0.25)) return { kind: "time", share: random.fraction() };
    const steps = [...this.#statements.keys()];
    const preferred = PREFERRED_STEPS.filter((step) => steps.includes(step));
    const step = preferred.length > 0 && random.chance(0.5) ? random.pick(preferred) : random.pick(steps);
    const number = 1 + random.below(this.#statements.get(step) ?? 1);
    return { kind: "statement", step, number, moment: random.chance(0.5) ? "before" : "after" };
  }

  async #disturbedLoad(point: Point, fault: Fault): Promise<string> {
    const { proxy } = this.#place;
    const command = new Command(["load", "--json"], this.#env);
    const seen = new Map<string, number>();
    let step = "start";
    /** Where the fault hit the load. */
    let hit = step;
    let done: Promise<unknown> | undefined;
    const begin = (moment: Moment, statement?: PassingStatement): Verdict => {
      const begun = beginFault(fault, moment, this.#place, command, statement);
      hit = step;
      ({ done } = begun);
      return begun.verdict;
    };
    proxy.onStatement = (statement) => {
      ({ step } = statement);
      const number = (seen.get(step) ?? 0) + 1;
      seen.set(step, number);
      if (done !== undefined || point.kind !== "statement") return "pass";
      if (step !== point.step || number !== point.number) return "pass";
      return begin(point.moment, statement);
    };
    const waited = new AbortController();
    if (point.kind === "time") {
      void sleep(point.share * this.#usualMs, undefined, { signal: waited.signal })
        .then(() => {
          if (!command.hasEnded) begin("after");
        })
        .catch(() => undefined);
    }
    const end = await this.#endOf(command);
    waited.abort();
    await done;
    proxy.onStatement = () => "pass";
    if (done === undefined) {
      this.#undisturbed += 1;
    } else {
      this.kills += 1;
      const at = (this.#bySteps[hit] ??= {});
      at[fault] = (at[fault] ?? 0) + 1;
    }
    const where = `${fault} in ${hit}${point.kind === "statement" ? `, ${point.moment} statement ${point.number}` : ""}`;
    const isOrderly = ORDERLY.has(end.code ?? -1) || (fault === "process killed" && end.code === undefined);
    if (!isOrderly) this.#report(`${where}: the load ended with ${end.code ?? "a signal"}: ${end.stderr}`);
    await this.#checkAll(where, end);
    return done === undefined ? `ended before: ${where}` : where;
  }

  async #endOf(command: Command): Promise<CommandEnd> {
    const ended = new AbortController();
    const late = sleep(LONGEST_LOAD_MS, undefined, { signal: ended.signal }).then(
      () => {
        this.#report(`a load did not end within ${LONGEST_LOAD_MS / 1000} s: ${command.stderr}`);
        command.kill("SIGKILL");
      },
      () => undefined,
    );
    const end = await command.result;
    ended.abort();
    await late;
    return end;
  }

  async #checkAll(where: string, end: CommandEnd): Promise<void> {
    const { database } = this.#place;
    const leftovers = await readLeftovers(database, GRACE_MS);
    const problems = await database.with((client) => this.#check.check(client));
    for (const problem of [...leftovers, ...problems, ...(await this.#compareReported(end))]) {
      this.#report(`${where}: ${problem}`);
    }
  }

  /** What the command has printed has to be on record. */
  async #compareReported({ stdout }: CommandEnd): Promise<readonly string[]> {
    const reported = stdout
      .split("\n")
      .filter((line) => line.startsWith("{") && line.endsWith("}"))
      .map((line) => JSON.parse(line) as { readonly runId?: number; readonly status: string });
    const recorded = await this.#place.database.rows<{
      runId: number;
      status: string;
      code: string | null;
      message: string | null;
    }>(
      `select run_id::int as "runId", load_status as status, error_code as code, error_message as message
       from ${SCHEMA}.etl_metadata order by run_id desc limit 10`,
    );
    const problems = recorded
      .filter(({ status, code }) => status === "failed" && code === "internal")
      .map(({ runId, message }) => `run ${runId} failed with an internal error: ${message ?? ""}`);
    for (const { runId, status } of reported) {
      const run = recorded.find((candidate) => candidate.runId === runId);
      if (run === undefined || status === run.status) continue;
      // The database was away too long for the failure to be recorded; the next load marks the run as abandoned.
      if (status === "failed" && run.status === "running") continue;
      problems.push(`run ${runId ?? 0} is on record as ${run.status}, and was reported as ${status}`);
    }
    return problems;
  }

  #report(problem: string): void {
    this.problems.push(`round ${this.rounds}: ${problem}`);
  }
}

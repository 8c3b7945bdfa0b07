import { setTimeout as sleep } from "node:timers/promises";
import { RecordRandom } from "../src/simulator/records/record-random.ts";
import type { Scale } from "../src/simulator/scale.ts";
import { SIMULATED_VIEWS } from "../src/simulator/document.ts";
import type { SoakPlace } from "./faults.ts";
import { type Outcomes, readLeftovers, readOutcomes, SCHEMA, TableCheck } from "./model/check-tables.ts";
import { readSizes, type Sizes } from "./model/sizes.ts";
import { type Served, SourceModel } from "./model/source-model.ts";
import type { Environment } from "./processes/command.ts";
import { Installation } from "./processes/installation.ts";
import { type PageAnswers, PageWatch } from "./processes/page-watch.ts";
import { type Sample, Sampler } from "./processes/sampler.ts";

export interface RoundOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly scale: Scale;
  /** As `otc-etl simulate` takes it. */
  readonly scaleText: string;
}

export interface RoundsResult {
  readonly rounds: number;
  /** How often each fault happened. */
  readonly faults: Readonly<Record<string, number>>;
  readonly outcomes: Outcomes;
  /** How often worker or page ended because they started while the database was away, and were started again. */
  readonly restarts: number;
  readonly answers: PageAnswers;
  readonly samples: readonly Sample[];
  readonly sizes: readonly Sizes[];
  /** What did not hold, in words. */
  readonly problems: readonly string[];
}

/** A round has at most so many faults. */
const MOST_FAULTS = 3;

/** The longest pause before a fault, in milliseconds. */
const LONGEST_PAUSE_MS = 15_000;

/** The worker has so many milliseconds to load what the source serves, after the last fault of a round. */
const RECOVERY_MS = 300_000;

/** A moment without a load comes within so many milliseconds. */
const QUIET_MS = 60_000;

const PAGE_MS = 30_000;

/** Sessions of a worker and a page together; more are leaked ones. */
const MOST_SESSIONS = 20;

/** After so many milliseconds, a network that no longer responds resets the connections. */
const STALL_MS = 8000;

/** Runs worker, page and simulator for some time, lets faults happen, and compares the tables with the model. */
export async function runRounds(
  place: SoakPlace,
  database: Environment,
  options: RoundOptions,
  log: (line: string) => void,
): Promise<RoundsResult> {
  const installation = await Installation.start(database, options.scaleText, options.seed);
  const soak = new RoundRunner(place, installation, new SourceModel(options.seed, options.scale));
  const until = performance.now() + options.minutes * 60_000;
  try {
    while (performance.now() < until && soak.problems.length === 0) {
      log(await soak.round(new RecordRandom(options.seed, "day", soak.rounds)));
    }
    return await soak.end();
  } finally {
    installation.kill();
  }
}

class RoundRunner {
  readonly problems: string[] = [];
  rounds = 0;
  readonly #place: SoakPlace;
  readonly #installation: Installation;
  readonly #model: SourceModel;
  readonly #check: TableCheck;
  readonly #watch: PageWatch;
  readonly #sampler: Sampler;
  readonly #faults: Record<string, number> = {};
  readonly #sizes: Sizes[] = [];
  readonly #startedAt = performance.now();

  constructor(place: SoakPlace, installation: Installation, model: SourceModel) {
    this.#place = place;
    this.#installation = installation;
    this.#model = model;
    this.#check = new TableCheck(model);
    this.#watch = new PageWatch(installation.pageUrl);
    this.#sampler = new Sampler(installation, place.database);
  }

  /** The source changes, faults happen, and everything recovers. @returns what happened, in words */
  async round(random: RecordRandom): Promise<string> {
    const served: Served = { day: this.rounds, flaws: random.chance(0.3) ? 1 + random.below(5) : 0 };
    this.rounds += 1;
    this.#model.serve(served);
    await this.#installation.restartSimulator(served, random.pick(["SIGKILL", "SIGTERM"]));
    const happened: string[] = [];
    // The first load is left alone, so that there is something to lose.
    const faults = served.day === 0 ? 0 : 1 + random.below(MOST_FAULTS);
    for (let count = 0; count < faults; count += 1) {
      await sleep(random.below(LONGEST_PAUSE_MS));
      const fault = random.pick([...this.#faultsOf(served).keys()]);
      happened.push(fault);
      this.#faults[fault] = (this.#faults[fault] ?? 0) + 1;
      await this.#faultsOf(served).get(fault)?.();
    }
    await this.#recover(served);
    this.#place.proxy.onStatement = () => "pass";
    await this.#checkAll();
    return `round ${this.rounds}: ${happened.length === 0 ? "no fault" : happened.join(", ")}`;
  }

  async end(): Promise<RoundsResult> {
    await this.#sampler.stop();
    await this.#watch.stop();
    this.#report(await this.#installation.stop());
    return {
      rounds: this.rounds,
      faults: this.#faults,
      outcomes: await this.#place.database.with(readOutcomes),
      restarts: this.#installation.restarts,
      answers: this.#watch.answers,
      samples: this.#sampler.samples,
      sizes: this.#sizes,
      problems: this.problems,
    };
  }

  #faultsOf(served: Served): ReadonlyMap<string, () => unknown> {
    const { proxy, database, crashServer } = this.#place;
    const installation = this.#installation;
    return new Map<string, () => unknown>([
      ["worker killed", () => installation.restartWorker("SIGKILL")],
      ["worker stopped", () => installation.restartWorker("SIGTERM")],
      ["page killed", () => installation.restartPage("SIGKILL")],
      ["page stopped", () => installation.restartPage("SIGTERM")],
      ["simulator killed", () => installation.restartSimulator(served, "SIGKILL")],
      ["backends killed", () => database.killBackends("application_name ~ '^otc-etl'")],
      ["server crashed", () => crashServer?.()],
      [
        "connections cut",
        () => {
          proxy.cut();
        },
      ],
      [
        "connections stalled",
        async () => {
          proxy.stall();
          await sleep(STALL_MS);
          proxy.cut();
        },
      ],
      [
        "cut at apply",
        () => {
          this.#cutAt("apply");
        },
      ],
      [
        "cut at commit",
        () => {
          this.#cutAt("commit");
        },
      ],
    ]);
  }

  /** Cuts all connections when the next load has sent a statement of the step. */
  #cutAt(step: string): void {
    const { proxy } = this.#place;
    proxy.onStatement = (statement) => {
      if (statement.step !== step) return "pass";
      proxy.onStatement = () => "pass";
      setImmediate(() => {
        proxy.cut();
      });
      return "swallow answer";
    };
  }

  /** Waits until each view is loaded as the source serves it. */
  async #recover({ day }: Served): Promise<void> {
    const deadline = performance.now() + RECOVERY_MS;
    for (;;) {
      const [loaded] = await this.#place.database.rows<{ views: number }>(
        `select count(distinct view_name)::int as views from ${SCHEMA}.etl_metadata
         where load_status in ('success', 'partial') and payload_sha256 = any($1)`,
        [this.#model.sha256Of(day)],
      );
      if (loaded?.views === SIMULATED_VIEWS.length) return;
      if (this.#installation.problems.length > 0) return;
      if (performance.now() > deadline) {
        const { stderr } = this.#installation.worker;
        this.#report([`not loaded after ${RECOVERY_MS / 1000} s: ${stderr.slice(-2000)}`]);
        return;
      }
      await sleep(500);
    }
  }

  async #checkAll(): Promise<void> {
    const { database } = this.#place;
    this.#report(await readLeftovers(database, QUIET_MS));
    this.#report(await database.with((client) => this.#check.check(client)));
    this.#report(await this.#watch.check(["/", "/runs", "/rejects", "/desk"], PAGE_MS));
    this.#report(this.#watch.problems.splice(0));
    const seconds = Math.round((performance.now() - this.#startedAt) / 1000);
    this.#sizes.push(await database.with((client) => readSizes(client, seconds)));
    const sessions = this.#sampler.samples.at(-1)?.sessions ?? 0;
    if (sessions > MOST_SESSIONS) this.#report([`${sessions} sessions of otc-etl are open`]);
    this.#report(this.#installation.problems.splice(0));
  }

  #report(problems: readonly string[]): void {
    this.problems.push(...problems.map((problem) => `round ${this.rounds}: ${problem}`));
  }
}

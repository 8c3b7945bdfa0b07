import { setTimeout as sleep } from "node:timers/promises";
import { sourceEnv } from "../source-env.ts";
import type { Served } from "../model/source-model.ts";
import { Command, type Environment } from "./command.ts";
import { freePort } from "./free-port.ts";

/** Limits that a soak of minutes reaches, in milliseconds: those of production are hours. */
const LIMITS: Environment = {
  OTC_STATEMENT_TIMEOUT_MS: "20000",
  OTC_IDLE_TIMEOUT_MS: "20000",
  OTC_LOCK_TIMEOUT_MS: "5000",
  OTC_TIMEOUT_MS: "20000",
  OTC_STOP_GRACE: "5s",
  OTC_BREAKER_COOLDOWN_MS: "5000",
};

const EVERY_MINUTE = "* * * * *";

/** How a process ends: killed, or told to stop. */
export type Ending = "SIGKILL" | "SIGTERM";

/** A process that has failed is started again after so many milliseconds. */
const RESTART_MS = 1000;

/**
 * Worker, status page and simulator, each a process that can end and is started again. A worker or a page that starts
 * while the database is away ends with exit code 1; it is started again, as systemd does.
 */
export class Installation {
  /** Processes that ended in another way by themselves. */
  readonly problems: string[] = [];
  restarts = 0;
  readonly pageUrl: string;
  readonly #env: Environment;
  readonly #simulatorArgs: readonly string[];
  readonly #pagePort: number;
  /** Those that were told to end. */
  readonly #expected = new Set<Command>();
  #simulator: Command | undefined;
  #worker: Command;
  #page: Command;

  private constructor(env: Environment, simulatorArgs: readonly string[], pagePort: number) {
    this.#env = env;
    this.#simulatorArgs = simulatorArgs;
    this.#pagePort = pagePort;
    this.pageUrl = `http://127.0.0.1:${pagePort}`;
    this.#worker = this.#startWorker();
    this.#page = this.#startPage();
  }

  /** @param scale as `otc-etl simulate` takes it */
  static async start(database: Environment, scale: string, seed: number): Promise<Installation> {
    const port = await freePort();
    const args = [
      "simulate",
      "--port",
      String(port),
      "--scale",
      scale,
      "--seed",
      String(seed),
      "--corrections",
    ];
    const env = {
      ...database,
      ...sourceEnv(`http://127.0.0.1:${port}/views`),
      ...LIMITS,
      OTC_SCHEDULE: EVERY_MINUTE,
    };
    return new Installation(env, args, await freePort());
  }

  get worker(): Command {
    return this.#worker;
  }

  get page(): Command {
    return this.#page;
  }

  /** Serves other documents from now on. */
  async restartSimulator({ day, flaws }: Served, ending: Ending): Promise<void> {
    this.#simulator?.kill(ending);
    await this.#simulator?.result;
    const { OTC_API_USERNAME = "", OTC_API_PASSWORD = "" } = this.#env;
    this.#simulator = new Command([...this.#simulatorArgs, "--day", String(day), "--flaws", String(flaws)], {
      OTC_API_USERNAME,
      OTC_API_PASSWORD,
    });
  }

  async restartWorker(ending: Ending): Promise<void> {
    const worker = this.#worker;
    this.#expected.add(worker);
    worker.kill(ending);
    await worker.result;
    this.#worker = this.#startWorker();
  }

  async restartPage(ending: Ending): Promise<void> {
    const page = this.#page;
    this.#expected.add(page);
    page.kill(ending);
    await page.result;
    this.#page = this.#startPage();
  }

  /** Ends all processes in order. @returns what does not hold, in words */
  async stop(): Promise<readonly string[]> {
    const problems: string[] = [];
    for (const [name, command] of [
      ["worker", this.#worker],
      ["page", this.#page],
      ["simulator", this.#simulator],
    ] as const) {
      if (command === undefined) continue;
      this.#expected.add(command);
      command.kill("SIGTERM");
      const isLate = sleep(30_000, true, { ref: false });
      if ((await Promise.race([command.result, isLate])) === true) {
        problems.push(`the ${name} does not stop`);
        command.kill("SIGKILL");
      }
    }
    return problems;
  }

  /** Ends what still runs at once, after a defect of the soak itself. */
  kill(): void {
    for (const command of [this.#worker, this.#page, this.#simulator]) {
      if (command !== undefined) this.#expected.add(command);
      command?.kill("SIGKILL");
    }
  }

  #startWorker(): Command {
    const command = new Command(["worker", "--log-format", "json"], this.#env);
    void this.#supervise("worker", command, () => {
      this.#worker = this.#startWorker();
    });
    return command;
  }

  #startPage(): Command {
    const command = new Command(["serve", "--port", String(this.#pagePort)], this.#env);
    void this.#supervise("page", command, () => {
      this.#page = this.#startPage();
    });
    return command;
  }

  async #supervise(name: string, command: Command, startAgain: () => void): Promise<void> {
    const { code, stderr } = await command.result;
    if (this.#expected.has(command)) return;
    if (code === 1 && stderr.includes("PostgreSQL") && !stderr.includes("Node.js v")) this.restarts += 1;
    else this.problems.push(`the ${name} ended with ${code ?? "a signal"}: ${stderr.slice(-2000)}`);
    await sleep(RESTART_MS);
    if (!this.#expected.has(command)) startAgain();
  }
}

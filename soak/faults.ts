import { setTimeout as sleep } from "node:timers/promises";
import type { RecordRandom } from "../src/simulator/records/record-random.ts";
import type { FaultProxy, PassingStatement, Verdict } from "./proxy/fault-proxy.ts";
import type { Command } from "./processes/command.ts";
import type { SoakDatabase } from "./processes/soak-database.ts";

/** What happens to a load. */
export type Fault = "process killed" | "backend killed" | "server crashed" | "connection cut";

/** Where a soak takes place. */
export interface SoakPlace {
  readonly database: SoakDatabase;
  readonly proxy: FaultProxy;
  /** Stops the server as a crash does, and starts it again; undefined where the server is not the soak's own. */
  readonly crashServer: (() => Promise<void>) | undefined;
}

/** Whether the statement reaches the server before the fault. If it does, its answer does not arrive. */
export type Moment = "before" | "after";

/** So long a statement that reached the server has for being executed before the connection is cut, in milliseconds. */
const EXECUTION_MS = 30;

/** A server that is not the soak's own gets no fault that others on it would notice. */
export function drawFault(random: RecordRandom, { crashServer }: SoakPlace): Fault {
  const draw = random.fraction();
  if (draw < 0.5) return "process killed";
  if (draw < 0.7 || crashServer === undefined) return "connection cut";
  return draw < 0.9 ? "backend killed" : "server crashed";
}

/** A fault that has begun. */
interface Begun {
  readonly verdict: Verdict;
  /** Resolves when the server is there again, as far as the fault concerned it. */
  readonly done: Promise<unknown>;
}

/** @param statement undefined if the fault comes at some time instead of at a statement */
export function beginFault(
  fault: Fault,
  moment: Moment,
  place: SoakPlace,
  command: Command,
  statement: PassingStatement | undefined,
): Begun {
  const verdict = moment === "before" ? "hold" : "swallow answer";
  switch (fault) {
    case "process killed":
      command.kill("SIGKILL");
      return { verdict, done: command.result };
    case "connection cut":
      return {
        verdict,
        done: sleep(moment === "before" ? 0 : EXECUTION_MS).then(() => {
          place.proxy.cut();
        }),
      };
    case "backend killed": {
      const [condition, parameters] =
        statement === undefined
          ? ["application_name ~ '^otc-etl'", []]
          : ["client_port = $1", [statement.serverSidePort]];
      return { verdict, done: place.database.killBackends(condition, parameters) };
    }
    case "server crashed":
      return { verdict, done: place.crashServer?.() ?? Promise.resolve() };
    default:
      return fault satisfies never;
  }
}

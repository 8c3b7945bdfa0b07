import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { parseScale, type Scale } from "../src/simulator/scale.ts";
import { POSTGRES_MAJORS, type PostgresMajor } from "../test/support/postgres-binaries.ts";

export interface SoakOptions {
  /** How long the processes run; undefined in the mode that counts kills. */
  readonly minutes: number | undefined;
  /** How many loads are hit by a fault; undefined in the mode that runs for some time. */
  readonly kills: number | undefined;
  readonly seed: number;
  /** As it was given, for `otc-etl simulate`. */
  readonly scaleText: string;
  readonly scale: Scale;
  readonly major: PostgresMajor;
  readonly help: boolean;
}

export const USAGE = `Usage: npm run soak -- [options]

Runs otc-etl against a real PostgreSQL server while processes are killed and connections fail, and compares the tables
with a model after each round. It writes soak/results/, and ends with exit code 1 if something does not hold.

  --minutes <n>   worker, status page and simulator run for so long (default: 60)
  --kills <n>     instead, run loads until so many of them have been hit by a fault
  --seed <n>      repeats the draws of an earlier soak (default: a random one, which is printed)
  --scale <scale> of the simulator (default: small, and 40 tickets with --kills)
  --postgres <n>  ${POSTGRES_MAJORS.join(" or ")} (default: 18)
  --help          show this
`;

/** @throws Error that names the option which is wrong */
export function readOptions(args: readonly string[]): SoakOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: "string" },
      kills: { type: "string" },
      seed: { type: "string", default: String(randomInt(1_000_000)) },
      scale: { type: "string" },
      postgres: { type: "string", default: "18" },
      help: { type: "boolean", default: false },
    },
  });
  const kills = values.kills === undefined ? undefined : wholeNumber("--kills", values.kills);
  const scaleText = values.scale ?? (kills === undefined ? "small" : "40");
  const scale = parseScale(scaleText);
  if (scale === undefined || scale.tickets === 0) throw new Error(`--scale ${scaleText} is no scale.`);
  const major = POSTGRES_MAJORS.find((known) => String(known) === values.postgres);
  if (major === undefined) throw new Error(`--postgres must be ${POSTGRES_MAJORS.join(" or ")}.`);
  return {
    minutes: kills === undefined ? wholeNumber("--minutes", values.minutes ?? "60") : undefined,
    kills,
    seed: wholeNumber("--seed", values.seed),
    scaleText,
    scale,
    major,
    help: values.help,
  };
}

function wholeNumber(option: string, value: string): number {
  if (/^\d{1,9}$/.test(value)) return Number(value);
  throw new Error(`${option} must be a whole number, not ${value}.`);
}

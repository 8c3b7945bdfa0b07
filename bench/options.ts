import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { SIMULATED_VIEWS, type SimulatedView } from "../src/simulator/document.ts";
import { parseScale, type Scale } from "../src/simulator/scale.ts";

const BENCH_DATABASES = ["postgres15", "postgres18", "embedded"] as const;

/** Compared with one server and an ordinary table, and only in turn with that: `all` does not name them. Citus needs a cluster. */
export const COMPARED_DATABASES = ["partitioned15", "partitioned18", "citus"] as const;

const KNOWN_DATABASES = [...BENCH_DATABASES, ...COMPARED_DATABASES] as const;

export type BenchDatabase = (typeof KNOWN_DATABASES)[number];

export type ComparedDatabase = (typeof COMPARED_DATABASES)[number];

export interface BenchOptions {
  readonly views: readonly SimulatedView[];
  readonly databases: readonly BenchDatabase[];
  /** As it was given; the results quote it. */
  readonly scaleText: string;
  readonly scale: Scale;
  readonly seed: number;
  readonly rounds: number;
  /** How much larger the second size is; undefined when only one is measured. */
  readonly factor: number | undefined;
  readonly skipUpserts: boolean;
  /** Where the documents are kept from one run to the next. */
  readonly dataDir: string;
  readonly help: boolean;
}

export const USAGE = `Usage: npm run bench -- [options]

Measures otc-etl against COPY of ready-made text and against batches of upserts, and writes bench/results/.

  --scale <scale>        small, production, a number of tickets, or a multiple as 0.05x (default: production)
  --view <view>          tickets, comments, timesheets or all (default: timesheets)
  --database <database>  postgres15, postgres18, embedded, several with commas between them, or all (default: all); in turn
                         with one of them, partitioned15 and partitioned18 (timesheets by month), and citus, on the cluster
                         on this machine whose coordinator OTC_TEST_CITUS_URL names
  --rounds <n>           how often each is measured, alternately (default: 3)
  --factor <n>           also load a document n times as large, once, and compare time and memory
  --skip-upserts         leave out the method replaced, which takes longest
  --seed <n>             of the simulated service desk (default: 1)
  --data-dir <folder>    keeps the documents (default: otc-etl-bench in the temporary folder)
  --help                 show this
`;

/** @throws Error that names the option which is wrong */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      scale: { type: "string", default: "production" },
      view: { type: "string", default: "timesheets" },
      database: { type: "string", default: "all" },
      rounds: { type: "string", default: "3" },
      factor: { type: "string" },
      "skip-upserts": { type: "boolean", default: false },
      seed: { type: "string", default: "1" },
      "data-dir": { type: "string", default: join(tmpdir(), "otc-etl-bench") },
      help: { type: "boolean", default: false },
    },
  });
  const scale = parseScale(values.scale);
  if (scale === undefined || scale.tickets === 0) throw new Error(`--scale ${values.scale} is no scale.`);
  return {
    views: oneOrAll("--view", values.view, SIMULATED_VIEWS),
    databases:
      values.database === "all"
        ? BENCH_DATABASES
        : values.database.split(",").map((name) => oneOf("--database", name, KNOWN_DATABASES)),
    scaleText: values.scale,
    scale,
    seed: wholeNumber("--seed", values.seed, 0),
    rounds: wholeNumber("--rounds", values.rounds, 1),
    factor: values.factor === undefined ? undefined : wholeNumber("--factor", values.factor, 2),
    skipUpserts: values["skip-upserts"],
    dataDir: values["data-dir"],
    help: values.help,
  };
}

function oneOrAll<T extends string>(option: string, value: string, known: readonly T[]): readonly T[] {
  return value === "all" ? known : [oneOf(option, value, known)];
}

function oneOf<T extends string>(option: string, value: string, known: readonly T[]): T {
  const one = known.find((name) => name === value);
  if (one === undefined) throw new Error(`${option} must be ${known.join(", ")} or all, not ${value}.`);
  return one;
}

function wholeNumber(option: string, value: string, minimum: number): number {
  if (/^\d{1,9}$/.test(value) && Number(value) >= minimum) return Number(value);
  throw new Error(`${option} must be a whole number of at least ${minimum}, not ${value}.`);
}

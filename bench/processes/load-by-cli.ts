import type { Sample } from "../measure/sample.ts";
import { type Environment, runCli } from "./run-cli.ts";

export interface LoadTarget {
  readonly apiUrl: string;
  /** Which of the served documents is the view. */
  readonly documentId: string;
  /** Where the database is. */
  readonly env: Environment;
}

/** What `load --json` prints, as far as it is needed here. */
interface LoadReport {
  readonly status: string;
  readonly fetched: number;
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly errors: number;
  readonly metrics: { readonly seconds: Readonly<Record<string, number>> };
}

/** What a load must have done to count. */
export type ExpectedCounts = Readonly<
  Partial<Record<"fetched" | "inserted" | "updated" | "unchanged" | "errors", number>>
>;

/** How the command differs from `load VIEW --json`. */
interface LoadCommand {
  readonly options?: readonly string[];
  /** Of Node itself. */
  readonly nodeOptions?: readonly string[];
}

/** The bench asks as often as it likes. */
const NO_PACE: Environment = {
  OTC_REQUEST_INTERVAL_MS: "0",
  OTC_VIEW_GAP_MS: "0",
  OTC_REQUESTS_PER_HOUR: "1000000",
};

/**
 * One load by the command line, HTTP to committed: the time of the whole process.
 *
 * @throws Error when it fails, or did something else than expected: a wrong load has no speed
 */
export async function loadByCli(
  view: string,
  { apiUrl, documentId, env }: LoadTarget,
  expected: ExpectedCounts = {},
  { options = [], nodeOptions = [] }: LoadCommand = {},
): Promise<Sample> {
  const run = await runCli(["load", view, "--json", ...options], {
    env: {
      ...NO_PACE,
      OTC_API_URL: apiUrl,
      OTC_API_USERNAME: "bench",
      OTC_API_PASSWORD: "bench",
      [`OTC_VIEW_${view.toUpperCase()}`]: documentId,
      ...env,
    },
    usage: true,
    nodeOptions,
  });
  const report = JSON.parse(run.stdout) as LoadReport;
  for (const [name, count] of Object.entries(expected)) {
    const actual = report[name as keyof ExpectedCounts];
    if (actual !== count) {
      throw new Error(
        `The load of ${documentId} should have ${count} ${name}, but has ${actual}: ${run.stdout}`,
      );
    }
  }
  return {
    seconds: run.seconds,
    steps: report.metrics.seconds,
    ...(run.usage === undefined
      ? {}
      : {
          peakMemoryBytes: run.usage.peakMemoryKib * 1024,
          majorCollections: run.usage.majorCollections,
        }),
  };
}

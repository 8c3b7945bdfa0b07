import { buildWhenStale } from "../test/support/build-when-stale.ts";
import type { PostgresMajor } from "../test/support/postgres-binaries.ts";
import packageJson from "../package.json" with { type: "json" };
import type { Scale } from "../src/simulator/scale.ts";
import {
  type BenchDocuments,
  benchDocuments,
  type Day0Document,
  day0Document,
} from "./documents/bench-documents.ts";
import { readyMadeRows } from "./documents/ready-made-rows.ts";
import { type BenchServer, withBenchServer, withCitusDatabase } from "./measure/bench-server.ts";
import { measureEmbedded } from "./measure/measure-embedded.ts";
import { measurePostgres } from "./measure/measure-postgres.ts";
import { MEASUREMENTS, SampleCollector } from "./measure/sample.ts";
import type { BenchDatabase, BenchOptions } from "./options.ts";
import type { ReadyMadeRows } from "./processes/child-jobs.ts";
import { runCli } from "./processes/run-cli.ts";
import { compareEmbedded, comparePostgres } from "./report/comparisons.ts";
import type { Result } from "./report/result.ts";

const MAJORS: Readonly<Record<Exclude<BenchDatabase, "citus" | "embedded">, PostgresMajor>> = {
  postgres15: 15,
  postgres18: 18,
};

/** Everything there is for one view, on disk. */
interface Prepared {
  readonly documents: BenchDocuments;
  readonly rows: ReadyMadeRows;
  readonly larger: Day0Document | undefined;
}

/**
 * Measures every view on every database that was asked for.
 *
 * @param say told what is going on
 * @param onResult told each result as soon as it is complete
 */
export async function runBench(
  options: BenchOptions,
  say: (line: string) => void,
  onResult: (result: Result) => void,
): Promise<readonly Result[]> {
  buildWhenStale();
  const results: Result[] = [];
  for (const view of options.views) {
    const { dataDir, seed, scale, factor } = options;
    say(`${view}: preparing the documents`);
    const documents = await benchDocuments({ dataDir, view, seed, scale });
    const rows = await readyMadeRows(documents);
    const larger =
      factor === undefined
        ? undefined
        : await day0Document({ dataDir, view, seed, scale: multiplied(scale, factor) });
    for (const database of options.databases) {
      const result = await measure(database, { documents, rows, larger }, options, say);
      results.push(result);
      onResult(result);
    }
  }
  return results;
}

async function measure(
  database: BenchDatabase,
  { documents, rows, larger }: Prepared,
  options: BenchOptions,
  say: (line: string) => void,
): Promise<Result> {
  const { view, records, bytes: documentBytes } = documents;
  const { rounds, skipUpserts, factor } = options;
  const collector = new SampleCollector((name, { seconds }) => {
    say(`${view} on ${database}: ${MEASUREMENTS[name]}: ${seconds.toFixed(3)} s`);
  });
  const { samples } = collector;
  if (database === "embedded") {
    await measureEmbedded({ documents, rows, rounds }, collector);
    const version = `PGlite ${packageJson.dependencies["@electric-sql/pglite"]}`;
    return {
      database,
      version,
      view,
      records,
      documentBytes,
      comparisons: compareEmbedded(samples),
      samples,
      places: [],
    };
  }
  const measureOn = async (server: BenchServer): Promise<Result> => {
    await runCli(["migrate", ...(database === "citus" ? ["--distribute"] : [])], { env: server.env });
    const places = await measurePostgres({ server, documents, rows, larger, rounds, skipUpserts }, collector);
    const comparisons = comparePostgres(view, samples, factor);
    return { database, version: server.version, view, records, documentBytes, comparisons, samples, places };
  };
  return database === "citus" ? withCitusDatabase(measureOn) : withBenchServer(MAJORS[database], measureOn);
}

function multiplied(scale: Scale, factor: number): Scale {
  return {
    tickets: scale.tickets * factor,
    comments: scale.comments * factor,
    timesheets: scale.timesheets * factor,
  };
}

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
import {
  type BenchDatabase,
  type BenchOptions,
  COMPARED_DATABASES,
  type ComparedDatabase,
} from "./options.ts";
import type { ReadyMadeRows } from "./processes/child-jobs.ts";
import { runCli } from "./processes/run-cli.ts";
import { compareEmbedded, comparePostgres, compareWithSingle } from "./report/comparisons.ts";
import type { Result } from "./report/result.ts";

type ServerDatabase = Exclude<BenchDatabase, "embedded">;

const MAJORS: Readonly<Record<Exclude<ServerDatabase, "citus">, PostgresMajor>> = {
  postgres15: 15,
  partitioned15: 15,
  postgres18: 18,
  partitioned18: 18,
};

/** What `migrate` is told for a database that is compared with an ordinary one. */
const MIGRATE_OPTIONS: Readonly<Record<ComparedDatabase, readonly string[]>> = {
  partitioned15: ["--partition", "timesheets=TS-Date:month"],
  partitioned18: ["--partition", "timesheets=TS-Date:month"],
  citus: ["--distribute"],
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
    const prepared = { documents, rows, larger };
    const servers = options.databases.filter((database) => database !== "embedded");
    const measured = [
      ...(await measureServers(servers, prepared, options, say)),
      ...(options.databases.includes("embedded") ? [await measureInProcess(prepared, options, say)] : []),
    ];
    for (const result of measured) {
      results.push(result);
      onResult(result);
    }
  }
  return results;
}

/** Measures a view on several servers, in turn. */
async function measureServers(
  databases: readonly ServerDatabase[],
  prepared: Prepared,
  options: BenchOptions,
  say: (line: string) => void,
): Promise<readonly Result[]> {
  const { documents } = prepared;
  const { view } = documents;
  return withServers(databases, async (servers) => {
    const benches = [];
    for (const [database, server] of servers) {
      const division = isCompared(database) ? MIGRATE_OPTIONS[database] : [];
      await runCli(["migrate", ...division], { env: server.env });
      benches.push({ ...prepared, ...options, database, server, samples: newCollector(view, database, say) });
    }
    const places = await measurePostgres(benches);
    const single = benches.find(({ database }) => !isCompared(database))?.samples.samples;
    return benches.map(({ database, server: { version }, samples: { samples } }, index): Result => ({
      database,
      version,
      view,
      records: documents.records,
      documentBytes: documents.bytes,
      comparisons: [
        ...comparePostgres(view, samples, options.factor),
        ...(isCompared(database) && single !== undefined ? compareWithSingle(database, samples, single) : []),
      ],
      samples,
      places: places[index] ?? [],
    }));
  });
}

async function measureInProcess(
  { documents, rows }: Prepared,
  { rounds }: BenchOptions,
  say: (line: string) => void,
): Promise<Result> {
  const { view, records, bytes } = documents;
  const collector = newCollector(view, "embedded", say);
  await measureEmbedded({ documents, rows, rounds }, collector);
  const { samples } = collector;
  return {
    database: "embedded",
    version: `PGlite ${packageJson.dependencies["@electric-sql/pglite"]}`,
    view,
    records,
    documentBytes: bytes,
    comparisons: compareEmbedded(samples),
    samples,
    places: [],
  };
}

function isCompared(database: BenchDatabase): database is ComparedDatabase {
  return COMPARED_DATABASES.some((compared) => compared === database);
}

function newCollector(view: string, database: BenchDatabase, say: (line: string) => void): SampleCollector {
  return new SampleCollector((name, { seconds }) => {
    say(`${view} on ${database}: ${MEASUREMENTS[name]}: ${seconds.toFixed(3)} s`);
  });
}

/** Lends a server for each of the databases to `work`. */
function withServers<T>(
  databases: readonly ServerDatabase[],
  work: (servers: readonly (readonly [ServerDatabase, BenchServer])[]) => Promise<T>,
): Promise<T> {
  const [database, ...others] = databases;
  if (database === undefined) return work([]);
  const lend = (server: BenchServer): Promise<T> =>
    withServers(others, (servers) => work([[database, server], ...servers]));
  return database === "citus" ? withCitusDatabase(lend) : withBenchServer(MAJORS[database], lend);
}

function multiplied(scale: Scale, factor: number): Scale {
  return {
    tickets: scale.tickets * factor,
    comments: scale.comments * factor,
    timesheets: scale.timesheets * factor,
  };
}

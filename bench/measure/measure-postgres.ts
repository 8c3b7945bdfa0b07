import type { BenchDocuments, Day0Document } from "../documents/bench-documents.ts";
import { serveDocuments } from "../documents/serve-documents.ts";
import type { ReadyMadeRows } from "../processes/child-jobs.ts";
import { type ExpectedCounts, loadByCli } from "../processes/load-by-cli.ts";
import { runChild } from "../processes/run-child.ts";
import { runCli } from "../processes/run-cli.ts";
import { type BenchServer, emptyTables, settle, withServerCost } from "./bench-server.ts";
import type { CpuPlace } from "../report/cpu-places.ts";
import { profileLoad } from "./profile-load.ts";
import { whileReading } from "./reader.ts";
import type { Sample, SampleCollector } from "./sample.ts";
import { keyList, overwrittenList } from "./target-table.ts";

/** A view on a server whose database has been migrated. */
export interface PostgresBench {
  readonly server: BenchServer;
  readonly samples: SampleCollector;
  readonly documents: BenchDocuments;
  /** What COPY and the upserts write. */
  readonly rows: ReadyMadeRows;
  /** The same view, a multiple as large. */
  readonly larger: Day0Document | undefined;
  readonly rounds: number;
  readonly skipUpserts: boolean;
}

/** `otc-etl --version` is quick, and its times vary more than others. */
const VERSION_RUNS = 5;

/**
 * Measures a view on several servers in turn, so that a slow minute of the machine affects all of them.
 *
 * @returns where the loader spent its time in a first load, for each server
 */
export async function measurePostgres(
  benches: readonly PostgresBench[],
): Promise<readonly (readonly CpuPlace[])[]> {
  const [first] = benches;
  if (first === undefined) return [];
  const { documents, larger, rounds } = first;
  const http = await serveDocuments({
    day0: { path: documents.day0 },
    // No two nights have the same document, even when no record has changed.
    unchanged: { path: documents.day0, before: "\n" },
    changed: { path: documents.changed },
    empty: { path: documents.empty },
    ...(larger === undefined ? {} : { larger: { path: larger.day0 } }),
  });
  const runs = benches.map((bench) => ({ bench, load: loadsOf(bench, http.url) }));
  try {
    // Unmeasured: the first use of a server and of a build reads everything from the disk.
    for (const { bench, load } of runs) {
      await emptyTables(bench.server);
      await load("day0", {});
    }
    for (let round = 0; round < rounds; round += 1) {
      for (const { bench, load } of runs) await measureRound(bench, load);
    }
    const places: (readonly CpuPlace[])[] = [];
    for (const { bench, load } of runs) places.push(await measureLast(bench, load, http.url));
    return places;
  } finally {
    await http.close();
  }
}

async function measureRound(bench: PostgresBench, load: Load): Promise<void> {
  const { server, samples } = bench;
  await emptyTables(server);
  samples.add("copy", await copyRows(bench));
  await emptyTables(server);
  await measureLoads(bench, load);
  if (!bench.skipUpserts) {
    await emptyTables(server);
    samples.add("upsertsFirst", await upsertRows(bench));
    await settle(server);
    samples.add("upsertsAgain", await upsertRows(bench));
  }
  await emptyTables(server);
  samples.add("loadEmpty", await load("empty", { fetched: 0, errors: 0 }));
  for (let run = 0; run < VERSION_RUNS; run += 1) samples.add("version", await version());
}

async function measureLast(
  { server, samples, documents, larger }: PostgresBench,
  load: Load,
  apiUrl: string,
): Promise<readonly CpuPlace[]> {
  await emptyTables(server);
  const places = await profileLoad(documents.view, { apiUrl, documentId: "day0", env: server.env });
  if (larger !== undefined) {
    await emptyTables(server);
    samples.add("firstLarger", await load("larger", { inserted: larger.records }));
    await settle(server);
    samples.add("unchangedLarger", await load("larger", { unchanged: larger.records }));
  }
  return places;
}

function loadsOf({ server, documents: { view } }: PostgresBench, apiUrl: string): Load {
  return (documentId, expected, options = []) =>
    withServerCost(server, () =>
      loadByCli(view, { apiUrl, documentId, env: server.env }, expected, { options }),
    );
}

type Load = (documentId: string, expected: ExpectedCounts, options?: readonly string[]) => Promise<Sample>;

/** A first load and everything that comes after it, on an empty table. */
async function measureLoads({ server, samples, documents }: PostgresBench, load: Load): Promise<void> {
  const { records, changedRecords, newRecords } = documents;
  samples.add("first", await load("day0", { inserted: records, errors: 0 }));
  await settle(server);
  samples.add("unchanged", await load("unchanged", { unchanged: records, inserted: 0, updated: 0 }));
  await settle(server);
  samples.add("changed", await load("changed", { updated: changedRecords, inserted: newRecords }));
  await settle(server);
  // Back again, as many changes; the new records are not in this document and stay.
  const reading = whileReading(server.url, documents.view, () => load("day0", { updated: changedRecords }));
  samples.add("readers", await reading);
  await settle(server);
  samples.add("full", await load("changed", { updated: changedRecords, inserted: 0 }, ["--full"]));
}

function copyRows({ server, rows }: PostgresBench): Promise<Sample> {
  return withServerCost(server, () => runChild("copy-rows", { url: server.url, rows }));
}

async function upsertRows({ server, documents: { view }, rows }: PostgresBench): Promise<Sample> {
  const [key, overwritten] = [await keyList(view), await overwrittenList(view)];
  return withServerCost(server, () => runChild("upsert-rows", { url: server.url, rows, key, overwritten }));
}

async function version(): Promise<Sample> {
  return { seconds: (await runCli(["--version"])).seconds };
}

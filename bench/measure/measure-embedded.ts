import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BenchDocuments } from "../documents/bench-documents.ts";
import { serveDocuments } from "../documents/serve-documents.ts";
import type { ReadyMadeRows } from "../processes/child-jobs.ts";
import { loadByCli } from "../processes/load-by-cli.ts";
import { runChild } from "../processes/run-child.ts";
import { runCli } from "../processes/run-cli.ts";
import type { SampleCollector } from "./sample.ts";

export interface EmbeddedBench {
  readonly documents: BenchDocuments;
  /** What COPY writes. */
  readonly rows: ReadyMadeRows;
  readonly rounds: number;
}

/** Measures a view on the embedded database, in directories of its own. */
export async function measureEmbedded(bench: EmbeddedBench, samples: SampleCollector): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "otc-etl-bench-embedded-"));
  const http = await serveDocuments({
    day0: { path: bench.documents.day0 },
    unchanged: { path: bench.documents.day0, before: "\n" },
    changed: { path: bench.documents.changed },
  });
  try {
    const migrated = join(folder, "migrated");
    await runCli(["migrate"], { env: { OTC_DATA_DIR: migrated } });
    for (let round = 0; round < bench.rounds; round += 1) {
      const directory = join(folder, "round");
      await cp(migrated, directory, { recursive: true });
      const copy = { directory: join(directory, "pgdata"), rows: bench.rows };
      samples.add("copy", await runChild("copy-rows-embedded", copy));
      await rm(directory, { recursive: true });

      await cp(migrated, directory, { recursive: true });
      await measureLoads(bench, directory, http.url, samples);
      await rm(directory, { recursive: true });
    }
  } finally {
    await http.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measureLoads(
  { documents }: EmbeddedBench,
  directory: string,
  apiUrl: string,
  samples: SampleCollector,
): Promise<void> {
  const { view, records, changedRecords, newRecords } = documents;
  const env = { OTC_DATA_DIR: directory };
  const day0 = { apiUrl, documentId: "day0", env };
  samples.add("first", await loadByCli(view, day0, { inserted: records, errors: 0 }));
  const unchanged = { apiUrl, documentId: "unchanged", env };
  samples.add("unchanged", await loadByCli(view, unchanged, { unchanged: records, inserted: 0, updated: 0 }));
  const changed = { apiUrl, documentId: "changed", env };
  samples.add("changed", await loadByCli(view, changed, { updated: changedRecords, inserted: newRecords }));
}

import { stat } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { to as copyTo } from "pg-copy-streams";
import type { SimulatedView } from "../../src/simulator/document.ts";
import { withBenchServer } from "../measure/bench-server.ts";
import type { ReadyMadeRows } from "../processes/child-jobs.ts";
import { loadByCli } from "../processes/load-by-cli.ts";
import { runCli } from "../processes/run-cli.ts";
import { columnList, tableOf } from "../measure/target-table.ts";
import { type BenchDocuments, writeOnce } from "./bench-documents.ts";
import { serveDocuments } from "./serve-documents.ts";

/** The order of the simulator's documents, as near as the columns tell: that of arrival, not that of the key. */
const DOCUMENT_ORDER: Readonly<Record<SimulatedView, string>> = {
  tickets: '"TKT-Ticket ID"',
  comments: "comment_id",
  timesheets: '"TS-Date", "TS-Time From"',
};

/**
 * The rows of a document as COPY's text format has them, in the document's order: what a COPY by hand starts from. Made
 * once, from a table that the loader has filled.
 */
export async function readyMadeRows(documents: BenchDocuments): Promise<ReadyMadeRows> {
  const { view, records: count } = documents;
  const path = join(documents.folder, `${view}-rows.txt`);
  if ((await stat(path).catch(() => undefined)) === undefined) await makeRows(documents, path);
  return { path, count, table: tableOf(view), columns: await columnList(view) };
}

async function makeRows(documents: BenchDocuments, path: string): Promise<void> {
  await withBenchServer(18, async (server) => {
    const http = await serveDocuments({ day0: { path: documents.day0 } });
    try {
      await runCli(["migrate"], { env: server.env });
      await loadByCli(
        documents.view,
        { apiUrl: http.url, documentId: "day0", env: server.env },
        { inserted: documents.records },
      );
    } finally {
      await http.close();
    }
    await writeOnce(path, () => tableText(server.url, documents.view));
  });
}

async function* tableText(url: string, view: SimulatedView): AsyncGenerator<Buffer, void, undefined> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const columns = (await columnList(view)).join(", ");
    yield* client.query(
      copyTo(`copy (select ${columns} from ${tableOf(view)} order by ${DOCUMENT_ORDER[view]}) to stdout`),
    ) as AsyncIterable<Buffer>;
  } finally {
    await client.end();
  }
}

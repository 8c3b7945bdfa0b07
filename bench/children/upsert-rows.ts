// The method that otc-etl replaced: batches of 100 statements, each INSERT … ON CONFLICT DO UPDATE of one row, as
// psycopg2's execute_batch sends them; each batch in one message and committed by itself.
import pg from "pg";
import { wholeLines } from "../documents/whole-lines.ts";
import type { ChildJobs } from "../processes/child-jobs.ts";
import { childJob } from "../processes/child-job.ts";

const BATCH_ROWS = 100;
const PIECE_BYTES = 256 * 1024;

const UNESCAPED: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f", v: "\v" };

await childJob("upsert-rows", async (job, clock) => {
  const { path, count } = job.rows;
  const client = new pg.Client({ connectionString: job.url });
  await client.connect();
  let written = 0;
  let batch: string[] = [];
  const writeBatch = async (): Promise<void> => {
    const results = (await client.query(batch.join(";\n"))) as pg.QueryResult | pg.QueryResult[];
    for (const { rowCount } of [results].flat()) written += rowCount ?? 0;
    batch = [];
  };
  const [beginning, end] = upsertStatement(job);

  clock.start();
  for await (const piece of wholeLines(path, PIECE_BYTES)) {
    for (const line of piece.toString("utf8").split("\n")) {
      if (line === "") continue;
      batch.push(`${beginning}${line.split("\t").map(literal).join(", ")}${end}`);
      if (batch.length === BATCH_ROWS) await writeBatch();
    }
  }
  if (batch.length > 0) await writeBatch();
  clock.stop();
  await client.end();
  if (written !== count) throw new Error(`The upserts wrote ${written} rows of ${count}.`);
});

/** What stands before the values of a row, and behind. */
function upsertStatement(job: ChildJobs["upsert-rows"]): [beginning: string, end: string] {
  const { key, overwritten } = job;
  const { table, columns } = job.rows;
  return [
    `insert into ${table} (${columns.join(", ")}) values (`,
    `) on conflict (${key.join(", ")}) do update
     set ${overwritten.map((column) => `${column} = excluded.${column}`).join(", ")}`,
  ];
}

/** A field of COPY's text format as a literal. */
function literal(field: string): string {
  if (field === "\\N") return "null";
  const text = field.replaceAll(/\\(.)/g, (_, character: string) => UNESCAPED[character] ?? character);
  return pg.escapeLiteral(text);
}

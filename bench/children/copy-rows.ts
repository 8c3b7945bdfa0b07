// COPY of ready-made text into a table on a server, in one transaction: what `\copy` does.
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { childJob } from "../processes/child-job.ts";

await childJob("copy-rows", async ({ url, rows }, clock) => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  clock.start();
  await client.query("begin");
  const copy = client.query(copyFrom(`copy ${rows.table} (${rows.columns.join(", ")}) from stdin`));
  await pipeline(createReadStream(rows.path, { highWaterMark: 256 * 1024 }), copy);
  await client.query("commit");
  clock.stop();
  await client.end();
  if (copy.rowCount !== rows.count) throw new Error(`COPY took ${copy.rowCount} rows of ${rows.count}.`);
});

// COPY of ready-made text into a table of the embedded database, in one transaction.
import { PGlite } from "@electric-sql/pglite";
import { wholeLines } from "../documents/whole-lines.ts";
import { childJob } from "../processes/child-job.ts";

/** PGlite reads COPY from a blob that is whole in memory. */
const PIECE_BYTES = 4 * 1024 * 1024;

await childJob("copy-rows-embedded", async ({ directory, rows }, clock) => {
  const target = `${rows.table} (${rows.columns.join(", ")})`;
  const pglite = await PGlite.create(directory);
  let copied = 0;
  clock.start();
  await pglite.transaction(async (transaction) => {
    for await (const piece of wholeLines(rows.path, PIECE_BYTES)) {
      const blob = new Blob([piece]);
      const result = await transaction.query(`copy ${target} from '/dev/blob'`, [], { blob });
      copied += result.affectedRows ?? 0;
    }
  });
  clock.stop();
  await pglite.close();
  if (copied !== rows.count) throw new Error(`COPY took ${copied} rows of ${rows.count}.`);
});

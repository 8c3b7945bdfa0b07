import { readdirSync, readlinkSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import tickets from "../../../src/views/definitions/tickets.ts";
import { describeEachDatabase } from "../../support/each-database.ts";
import { documentOf, failingLoad } from "../../support/load-records.ts";
import { many, ticket } from "../../support/sample-records.ts";

/** The temporary files of otc-etl that this process has open, with the rights on them and how many names they have. */
function openFiles(): ReadonlyMap<string, string> {
  const descriptors = readdirSync("/proc/self/fd").map((number) => `/proc/self/fd/${number}`);
  return new Map(
    descriptors.flatMap((path) => {
      try {
        const { mode, nlink } = statSync(path);
        const file = readlinkSync(path);
        const rights = (mode & 0o777).toString(8);
        return file.startsWith(join(tmpdir(), "otc-etl-")) ? [[file, `${rights}, ${nlink} names`]] : [];
      } catch {
        // It was closed meanwhile.
        return [];
      }
    }),
  );
}

describeEachDatabase(
  "rejected records that are spooled to disk",
  (target) => {
    test("can be read only by their owner, and do not outlive a failed load", async () => {
      const database = await target.fresh();
      const seen = new Map<string, string>();
      const large = "x".repeat(80_000);
      const records = many(150, (number) => ticket(`?${number}`, { "TKT-Description": large }));
      // Chunk by chunk, as it would come from OTC: between two of them what has piled up goes to disk.
      const chunks = Readable.from(documentOf(records).match(/.{1,65536}/gsu) ?? [], { objectMode: false });
      const outcome = await failingLoad(database.open(), tickets, chunks, {
        onProgress: () => {
          for (const [file, rights] of openFiles()) seen.set(file, rights);
        },
      });
      expect(outcome.error.message).toContain("150 of 150 records cannot be loaded");
      expect([...seen.values()]).toEqual(["600, 0 names"]);
      expect(openFiles()).toEqual(new Map());
      expect(
        await database.sql(`select count(*)::int as count from ${database.table("etl_rejects")}`),
      ).toEqual([{ count: 150 }]);
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);

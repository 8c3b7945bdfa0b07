import { readdirSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import tickets from "../../../src/views/definitions/tickets.ts";
import { describeEachDatabase } from "../../support/each-database.ts";
import { documentOf, failingLoad } from "../../support/load-records.ts";
import { many, ticket } from "../../support/sample-records.ts";

/** The files that rejects wait in, with the rights on them; other tests may have some of their own. */
function spools(): ReadonlyMap<string, string> {
  const names = readdirSync(tmpdir()).filter((name) => name.startsWith("otc-etl-rejects-"));
  return new Map(
    names.flatMap((name) => {
      const mode = statSync(join(tmpdir(), name), { throwIfNoEntry: false })?.mode;
      return mode === undefined ? [] : [[name, (mode & 0o777).toString(8)] as const];
    }),
  );
}

describeEachDatabase(
  "rejects that wait on disk",
  (target) => {
    test("can be read by nobody else, and are gone after a load that failed", async () => {
      const database = await target.fresh();
      const others = new Set(spools().keys());
      const seen = new Map<string, string>();
      const large = "x".repeat(80_000);
      const records = many(150, (number) => ticket(`?${number}`, { "TKT-Description": large }));
      // Chunk by chunk, as it would come from OTC: between two of them what has piled up goes to disk.
      const chunks = Readable.from(documentOf(records).match(/.{1,65536}/gsu) ?? [], { objectMode: false });
      const outcome = await failingLoad(database.open(), tickets, chunks, {
        onProgress: () => {
          for (const [name, mode] of spools()) if (!others.has(name)) seen.set(name, mode);
        },
      });
      expect(outcome.error.message).toContain("150 of 150 records cannot be loaded");
      expect(new Set(seen.values())).toEqual(new Set(["600"]));
      const remaining = spools();
      expect([...seen.keys()].some((name) => !remaining.has(name))).toBe(true);
      expect(
        await database.sql(`select count(*)::int as count from ${database.table("etl_rejects")}`),
      ).toEqual([{ count: 150 }]);
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);

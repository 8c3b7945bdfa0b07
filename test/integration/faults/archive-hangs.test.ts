import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Archive } from "../../../src/archive/archive.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import { startDocumentServer } from "../../support/document-server.ts";
import { describeEachDatabase } from "../../support/each-database.ts";
import { mountFreezableDisk } from "../../support/frozen-disk.ts";
import { documentOf, loadViews } from "../../support/load-records.ts";
import { many, ticket } from "../../support/sample-records.ts";

/** Too long for what is buffered, and random, so that compression does not help. */
const DOCUMENT = documentOf(
  many(60, (number) => ticket(number, { "TKT-Description": randomBytes(100_000).toString("base64") })),
);

describeEachDatabase(
  "an archive",
  (target) => {
    test("where no folder can be made does not hold up the load", async () => {
      const database = await target.fresh();
      const server = await startDocumentServer({ tickets: DOCUMENT });
      const loader = database.open({ ...server.env, OTC_ARCHIVE_DIR: "/proc/nope" });
      const [outcome] = await loadViews(loader, [tickets]);
      expect(outcome).toMatchObject({ status: "success", archive: { file: null } });
      expect(outcome?.archive.error).toMatch(/no such file or directory/);
    });

    test("on a disk that hangs is given up with a warning on the run, and the load goes on", async () => {
      const disk = mountFreezableDisk("an archive on a disk that hangs");
      if (disk === undefined) return;
      onTestFinished(() => {
        disk.remove();
      });
      const database = await target.fresh();
      const server = await startDocumentServer({ tickets: DOCUMENT });
      const loader = database.open({ ...server.env, OTC_ARCHIVE_DIR: join(disk.folder, "archive") });
      disk.freeze();
      const begun = performance.now();
      const [outcome] = await loadViews(loader, [tickets]);
      const seconds = (performance.now() - begun) / 1000;
      disk.thaw();
      expect(outcome).toMatchObject({ status: "success", fetched: 60, archive: { file: null } });
      expect(seconds).toBeLessThan(40);
      expect(
        await database.sql(`select archive_error as error from ${database.table("etl_metadata")}`),
      ).toEqual([{ error: expect.stringMatching(/did not respond for 10 s/) }]);
      // It works again with the next load.
      const [next] = await loadViews(loader, [tickets]);
      expect(next?.archive).toMatchObject({ error: null, file: expect.stringContaining("tickets/") });
    });

    test("that begins to hang in the middle of a document takes a bounded time and no longer", async () => {
      const disk = mountFreezableDisk("an archive that begins to hang");
      if (disk === undefined) return;
      onTestFinished(() => {
        disk.remove();
      });
      const archive = new Archive(disk.folder, 0);
      const interruption = new AbortController();
      const copy = await archive.begin("tickets", 1, interruption.signal);
      await copy.write(randomBytes(100_000), () => undefined);
      disk.freeze();
      const write = (async () => {
        for (let chunk = 0; chunk < 100; chunk += 1)
          await copy.write(randomBytes(1_000_000), () => undefined);
      })();
      setTimeout(() => {
        interruption.abort();
      }, 500);
      const begun = performance.now();
      await write;
      await copy.keep();
      await copy.end(1000);
      expect(performance.now() - begun).toBeLessThan(4000);
      expect(copy.result.file).toBeNull();
      disk.thaw();
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);

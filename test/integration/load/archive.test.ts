import { createHash, randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import comments from "../../../src/views/definitions/comments.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import { startDocumentServer } from "../../support/document-server.ts";
import { describeEachDatabase } from "../../support/each-database.ts";
import { documentOf, loadViews } from "../../support/load-records.ts";
import { temporaryFolder } from "../../support/run-cli.ts";
import { comment, many, ticket, timesheet } from "../../support/sample-records.ts";
import { mountSmallDisk } from "../../support/small-disk.ts";

const NAME = /^tickets\/\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ-run-\d+\.json\.zst$/;

describeEachDatabase(
  "the archive",
  (target) => {
    test("keeps the newest documents of each view unchanged, readable only by their owner", async () => {
      const database = await target.fresh();
      const archive = join(await temporaryFolder(), "deep", "archive");
      const server = await startDocumentServer(
        { tickets: documentOf(many(50, ticket)), comments: documentOf([comment(1)]) },
        // What a broken attempt has written must not stay.
        { 3: { kind: "reset", bytes: 3000 } },
      );
      const env = { ...server.env, OTC_ARCHIVE_DIR: archive, OTC_ARCHIVE_KEEP: "2" };
      const loader = database.open(env);
      await mkdir(join(archive, "tickets"), { recursive: true });
      await writeFile(
        join(archive, "tickets", "2026-01-01T02-00-00Z-run-1.json.zst.part"),
        "of a killed process",
      );
      await writeFile(join(archive, "tickets", "README"), "not ours");

      const outcomes = [];
      for (let night = 0; night < 3; night += 1)
        outcomes.push(...(await loadViews(loader, [tickets, comments])));
      expect(outcomes.map((outcome) => outcome.status)).toEqual(Array(6).fill("success"));
      expect(server.requests).toHaveLength(7);

      const files = outcomes.map((outcome) => outcome.archive.file ?? "none");
      expect(files[0]).toMatch(NAME);
      expect((await readdir(join(archive, "tickets"))).map((file) => `tickets/${file}`).sort()).toEqual(
        [files[2], files[4], "tickets/README"].sort(),
      );
      expect(await readdir(join(archive, "comments"))).toHaveLength(2);
      const path = join(archive, files[4]!);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      expect((await stat(join(archive, "comments"))).mode & 0o777).toBe(0o700);
      const document = zstdDecompressSync(await readFile(path));
      expect(document.toString("utf8")).toBe(server.documents.get("tickets"));
      expect(
        await database.sql(
          `select kind, archive_file, archive_error, payload_sha256 from ${database.table("etl_metadata")}
           where run_id = $1`,
          [outcomes[4]!.runId],
        ),
      ).toEqual([
        {
          kind: "load",
          archive_file: files[4],
          archive_error: null,
          payload_sha256: createHash("sha256").update(document).digest("hex"),
        },
      ]);
    });

    test("keeps one document of a first load in which the database rejects a record", async () => {
      const database = await target.fresh();
      const archive = await temporaryFolder();
      const name = randomBytes(4000).toString("base64");
      const records = many(5000, (number) =>
        timesheet(number === 4321 ? name : `user ${number}`, { "TS-Notes": "x".repeat(1000) }),
      );
      const server = await startDocumentServer({ timesheets: documentOf(records) });
      const loader = database.open({ ...server.env, OTC_ARCHIVE_DIR: archive });
      const [outcome] = await loadViews(loader, [timesheets]);
      expect(outcome).toMatchObject({ status: "partial", inserted: 4999, errors: 1 });
      expect(server.requests).toHaveLength(1);
      expect((await loader.archive?.documents("timesheets"))?.map(({ runId }) => runId)).toEqual([
        outcome?.runId,
      ]);
      // Its chunks are freed one by one, while another thread compresses them.
      const document = zstdDecompressSync(await readFile(join(archive, outcome!.archive.file!)));
      expect(document.equals(Buffer.from(server.documents.get("timesheets")!))).toBe(true);
    });

    test("keeps a complete document that was not loaded, and none that was cut short", async () => {
      const database = await target.fresh();
      const archive = await temporaryFolder();
      const whole = documentOf(many(5, (number) => ticket(number, { "TKT-Due Date": "?" })));
      const server = await startDocumentServer(
        { tickets: whole },
        { 2: { kind: "cut-chunked", bytes: 500 } },
      );
      const loader = database.open({ ...server.env, OTC_ARCHIVE_DIR: archive, OTC_RETRIES: "0" });
      const [refused] = await loadViews(loader, [tickets], { maxErrors: "1" });
      expect(refused).toMatchObject({
        status: "failed",
        archive: { file: expect.stringMatching(NAME), error: null },
      });
      const [cut] = await loadViews(loader, [tickets]);
      expect(cut).toMatchObject({ status: "failed", archive: { file: null, error: null } });
      expect(await readdir(join(archive, "tickets"))).toHaveLength(1);
      expect(
        await database.sql(
          `select archive_file, payload_bytes::int as bytes from ${database.table("etl_metadata")} order by run_id`,
        ),
      ).toEqual([
        { archive_file: refused?.archive.file, bytes: Buffer.byteLength(whole) },
        { archive_file: null, bytes: null },
      ]);
    });

    test("reports that it cannot write or that the disk is full, without failing the load", async ({
      skip,
    }) => {
      const database = await target.fresh();
      const noise = many(3000, (number) =>
        ticket(number, { "TKT-Description": randomBytes(300).toString("hex") }),
      );
      const server = await startDocumentServer({ tickets: documentOf(noise) });
      const blocked = join(await temporaryFolder(), "file");
      await writeFile(blocked, "in the way");
      const [unwritable] = await loadViews(database.open({ ...server.env, OTC_ARCHIVE_DIR: blocked }), [
        tickets,
      ]);
      expect(unwritable).toMatchObject({
        status: "success",
        inserted: 3000,
        archive: { file: null, error: expect.stringMatching(/not a directory|already exists/) },
      });

      const disk = mountSmallDisk("256k", undefined, "a full disk of the archive");
      if (disk === undefined) {
        skip("this account may not mount a file system");
        return;
      }
      onTestFinished(disk.unmount);
      const [full] = await loadViews(database.open({ ...server.env, OTC_ARCHIVE_DIR: disk.folder }), [
        tickets,
      ]);
      expect(full).toMatchObject({
        status: "success",
        unchanged: 3000,
        archive: { file: null, error: expect.stringContaining("no space left") },
      });
      expect(await readdir(join(disk.folder, "tickets"))).toEqual([]);
      expect(
        await database.sql(
          `select archive_error from ${database.table("etl_metadata")} order by run_id desc limit 1`,
        ),
      ).toEqual([{ archive_error: full?.archive.error }]);
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { chooseDocuments, type DocumentChoice } from "../../../src/loader/choose-documents.ts";
import type { Loader } from "../../../src/loader/loader.ts";
import type { LoadOutcome } from "../../../src/runs/outcome.ts";
import { replayDocuments } from "../../../src/loader/replay-documents.ts";
import { viewCatalog } from "../../../src/views/catalog.ts";
import comments from "../../../src/views/definitions/comments.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import type { View } from "../../../src/views/view.ts";
import { startDocumentServer } from "../../support/document-server.ts";
import { describeEachDatabase } from "../../support/each-database.ts";
import { documentOf, loadViews } from "../../support/load-records.ts";
import { temporaryFolder } from "../../support/run-cli.ts";
import { comment, many, ticket } from "../../support/sample-records.ts";

async function replay(loader: Loader, choice: DocumentChoice, only?: View): Promise<readonly LoadOutcome[]> {
  const documents = await chooseDocuments(choice, loader.archive, await viewCatalog(), only);
  return replayDocuments(loader, documents, new PassThrough(), {
    errorLimit: { kind: "default" },
    allowShrink: false,
    signal: new AbortController().signal,
    onProgress: () => undefined,
    onOutcome: () => undefined,
  });
}

describeEachDatabase("a replay", (target) => {
  test("makes the table equal to a document of the archive, and does not count as a load", async () => {
    const database = await target.fresh();
    const archive = await temporaryFolder();
    const server = await startDocumentServer({
      tickets: documentOf(many(3, ticket)),
      comments: documentOf([comment(1)]),
    });
    const loader = database.open({ ...server.env, OTC_ARCHIVE_DIR: archive });
    const [old] = await loadViews(loader, [tickets, comments]);
    server.documents.set(
      "tickets",
      documentOf(many(8, (number) => ticket(number, { "TKT-Status": "Closed" }))),
    );
    const [last] = await loadViews(loader, [tickets]);
    const closed = async (): Promise<unknown> =>
      (
        await database.sql(
          `select count(*) filter (where "TKT-Status" = 'Closed') as closed from ${database.table("tickets")}`,
        )
      )[0];
    const asked = server.requests.length;

    // Fewer than half of the last load's records: the guard holds for a replay as well.
    expect(await replay(loader, { kind: "run", runId: old!.runId! })).toMatchObject([
      { status: "failed", error: { code: "guard" } },
    ]);
    // In the order of time: the old document is refused again, and what came after it in its view is left out.
    expect(await replay(loader, { kind: "all", since: undefined })).toMatchObject([
      { view: "tickets", status: "failed" },
      { view: "comments", status: "success", unchanged: 1 },
    ]);
    server.documents.set("tickets", documentOf(many(6, ticket)));
    const [middle] = await loadViews(loader, [tickets]);
    expect(middle).toMatchObject({ updated: 6 });
    expect(await closed()).toEqual({ closed: 2 });

    // The last load but one has more records than this one, and a replay of it does not become "the last load".
    expect(await replay(loader, { kind: "run", runId: last!.runId! })).toMatchObject([
      { view: "tickets", status: "success", fetched: 8, updated: 6, unchanged: 2 },
    ]);
    expect(await closed()).toEqual({ closed: 8 });
    expect(await replay(loader, { kind: "latest" })).toMatchObject([
      { view: "tickets", status: "success", fetched: 6, updated: 6 },
      { view: "comments", status: "success", fetched: 1, unchanged: 1 },
    ]);
    expect(
      await replay(loader, { kind: "all", since: new Date(Date.now() - 60_000) }, comments),
    ).toMatchObject([{ view: "comments", status: "success" }]);
    expect(server.requests).toHaveLength(asked + 1);
    expect(
      await database.sql(
        `select kind, source, archive_file from ${database.table("etl_metadata")} where load_status = 'success' and view_name = 'tickets' order by run_id`,
      ),
    ).toEqual([
      { kind: "load", source: expect.stringContaining("http"), archive_file: old?.archive.file },
      { kind: "load", source: expect.stringContaining("http"), archive_file: last?.archive.file },
      { kind: "load", source: expect.stringContaining("http"), archive_file: middle?.archive.file },
      { kind: "replay", source: join(archive, last!.archive.file!), archive_file: null },
      { kind: "replay", source: join(archive, middle!.archive.file!), archive_file: null },
    ]);
    // What is as fresh as before: the last load, and not the replays after it.
    expect(
      await database.sql(
        `select f.last_loaded = m.last_load_time as same
         from ${database.table("v_data_freshness")} f
         join ${database.table("etl_metadata")} m on m.run_id = $1
         where f.view_name = 'tickets'`,
        [middle!.runId],
      ),
    ).toEqual([{ same: true }]);
  });

  test("repairs the rows of the last loaded document after they were damaged", async () => {
    const database = await target.fresh();
    const archive = await temporaryFolder();
    const server = await startDocumentServer({ tickets: documentOf(many(3, ticket)) });
    const loader = database.open({ ...server.env, OTC_ARCHIVE_DIR: archive });
    await loadViews(loader, [tickets]);
    const titles = (): Promise<readonly unknown[]> =>
      database.sql(`select "TKT-Ticket ID", "TKT-Title" from ${database.table("tickets")} order by 1`);
    const before = await titles();
    await database.sql(`alter table ${database.table("tickets")} drop column "TKT-Title" cascade`);
    await database.sql(`alter table ${database.table("tickets")} add column "TKT-Title" text`);
    await database.sql(`delete from ${database.table("tickets")} where "TKT-Ticket ID" = 2`);
    const replayed = await replay(loader, { kind: "latest" });
    expect(replayed).toMatchObject([{ status: "success", inserted: 1, updated: 2 }]);
    expect(await titles()).toEqual(before);
  });

  test("refuses a changed document, and lists the archived ones when it is missing", async () => {
    const database = await target.fresh();
    const archive = await temporaryFolder();
    const server = await startDocumentServer({ tickets: documentOf(many(3, ticket)) });
    const loader = database.open({ ...server.env, OTC_ARCHIVE_DIR: archive });
    const [outcome] = await loadViews(loader, [tickets]);
    const path = join(archive, outcome!.archive.file!);
    const genuine = await readFile(path);

    await writeFile(path, zstdCompressSync(documentOf(many(4, ticket))));
    expect(await replay(loader, { kind: "latest" })).toMatchObject([
      { status: "failed", error: { code: "guard", message: expect.stringContaining("SHA-256") } },
    ]);
    await writeFile(path, genuine.subarray(0, -4));
    expect(await replay(loader, { kind: "latest" })).toMatchObject([{ status: "failed" }]);
    expect(await database.sql(`select count(*) as rows from ${database.table("tickets")}`)).toEqual([
      { rows: 3 },
    ]);

    // A copy elsewhere is recognised by its folder and name; any other file needs its view named.
    await writeFile(path, genuine);
    expect(await replay(loader, { kind: "file", path })).toMatchObject([{ status: "success", unchanged: 3 }]);
    const elsewhere = join(archive, "copy.zst");
    await writeFile(elsewhere, genuine);
    await expect(replay(loader, { kind: "file", path: elsewhere })).rejects.toMatchObject({ code: "usage" });
    expect(await replay(loader, { kind: "file", path: elsewhere }, tickets)).toMatchObject([
      { unchanged: 3 },
    ]);

    await expect(replay(loader, { kind: "run", runId: 999 })).rejects.toMatchObject({
      code: "source",
      message: expect.stringContaining("no document of run 999"),
      remedy: expect.stringContaining(`tickets: runs ${outcome!.runId}`),
    });
  });
});

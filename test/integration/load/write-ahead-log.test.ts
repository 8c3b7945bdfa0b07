import { cpSync } from "node:fs";
import { rm } from "node:fs/promises";
import { pino } from "pino";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from "vitest";
import { migrate } from "../../../src/database/migrations/migrations.ts";
import { Loader } from "../../../src/loader/loader.ts";
import { simulatedDocument } from "../../../src/simulator/document.ts";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import { load } from "../../support/load-records.ts";
import { installedPostgres, type PostgresMajor } from "../../support/postgres-binaries.ts";
import { type PostgresServer, startPostgres } from "../../support/postgres-server.ts";
import { scratchFolder } from "../../support/scratch-folder.ts";

const MAJORS: readonly PostgresMajor[] = [15, 18];

const DOCUMENT = Buffer.concat([
  ...simulatedDocument({
    view: "timesheets",
    seed: 1,
    scale: { tickets: 1000, comments: 1000, timesheets: 20_000 },
    day: 0,
  }),
]).toString("utf8");

test("an embedded database writes less than a megabyte to its log when it first reads the rows of a first load", async () => {
  const directory = await scratchFolder();
  onTestFinished(() => rm(directory, { recursive: true }));
  cpSync(inject("embedded").migrated, directory, { recursive: true });
  const withLoader = async <T>(work: (loader: Loader) => Promise<T>): Promise<T> => {
    const log = pino({ level: "silent" });
    const loader = new Loader({ env: { OTC_DATA_DIR: directory }, flags: {}, log });
    try {
      return await work(loader);
    } finally {
      await loader.close();
    }
  };
  const first = await withLoader((loader) => load(loader, timesheets, DOCUMENT));
  expect(first.metrics.walBytes).toBeGreaterThan(5_000_000);
  // Closing it writes a checkpoint, after which each page that is changed goes to the log.
  const again = await withLoader((loader) => load(loader, timesheets, DOCUMENT));
  expect(again).toMatchObject({ unchanged: 20_000 });
  expect(again.metrics.walBytes).toBeLessThan(1_000_000);
});

// A server of their own: the log is the whole server's, and others must not write to it meanwhile.
describe.each(MAJORS)("the write-ahead log of PostgreSQL %i", (major) => {
  if (installedPostgres(major) === undefined) {
    process.stderr.write(`SKIPPED "the write-ahead log of PostgreSQL ${major}": it is not installed here\n`);
    test.skip(`needs PostgreSQL ${major}`, () => undefined);
    return;
  }
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres(major);
  });
  afterAll(() => server.destroy());

  test("grows by less than a megabyte when nothing has changed", async () => {
    const loader = new Loader({
      env: { OTC_DATABASE_URL: server.url },
      flags: {},
      log: pino({ level: "silent" }),
    });
    const beside = new Client({ connectionString: server.url });
    await beside.connect();
    const written = async (work: () => Promise<unknown>): Promise<number> => {
      const before = await beside.query<{ lsn: string }>("select pg_current_wal_insert_lsn() as lsn");
      await work();
      const { rows } = await beside.query<{ bytes: string }>(
        "select pg_current_wal_insert_lsn() - $1::pg_lsn as bytes",
        [before.rows[0]?.lsn],
      );
      return Number(rows[0]?.bytes);
    };
    try {
      await migrate(await loader.database(), () => undefined);
      const first = await written(() => load(loader, timesheets, DOCUMENT));
      const again = await written(async () => {
        expect(await load(loader, timesheets, DOCUMENT)).toMatchObject({ unchanged: 20_000 });
      });
      expect(first).toBeGreaterThan(5_000_000);
      expect(again).toBeLessThan(1_000_000);
    } finally {
      await beside.end();
      await loader.close();
    }
  });
});

import { join } from "node:path";
import { describe, expect, inject, onTestFinished, test } from "vitest";
import { databaseSettings } from "../../../src/config/database-settings.ts";
import { readSettings } from "../../../src/config/read-settings.ts";
import { EmbeddedDatabase } from "../../../src/database/embedded/embedded-database.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import { expectRolledBack, faultyDatabase, moreTickets } from "../../support/database-fault.ts";
import { attemptLoad } from "../../support/load-records.ts";
import { mountSmallDisk } from "../../support/small-disk.ts";
import { unprivilegedAccount } from "../../support/unprivileged-account.ts";

const [server] = inject("postgres").slice(-1);

describe.skipIf(server === undefined)("a full disk of the server", () => {
  test("fails the load, which keeps nothing, and the next one works when there is space", async ({
    skip,
  }) => {
    const disk = mountSmallDisk("4m", unprivilegedAccount(), "a full disk of the server");
    if (disk === undefined) {
      skip("this account may not mount a file system");
      return;
    }
    onTestFinished(disk.unmount);
    const database = await faultyDatabase(server!.url, onTestFinished);
    const tablespace = `small_${process.pid}`;
    await database.sql(`create tablespace ${tablespace} location '${disk.folder}'`);
    onTestFinished(async () => {
      await database.sql(`drop tablespace ${tablespace}`);
    });
    const setDefault = (action: string) =>
      database.sql(`do $$ begin execute format('alter database %I ${action}', current_database()); end $$`);
    await setDefault(`set default_tablespace = ${tablespace}`);
    // Before the tables are staged whole, the disk is full.
    const outcome = await attemptLoad(
      database.open(),
      tickets,
      moreTickets(5000, "incompressible ".repeat(100)),
    );
    expect(outcome).toMatchObject({ status: "failed", inserted: 0 });
    await expectRolledBack(database, outcome, database.open(), {
      message: /No space left on device.*53100/,
      remedy: /disk is full/,
    });
    await setDefault("reset default_tablespace");
  });
});

test("a full disk of the embedded database is reported with its directory", async ({ skip }) => {
  const disk = mountSmallDisk("20m", undefined, "a full disk of the embedded database");
  if (disk === undefined) {
    skip("this account may not mount a file system");
    return;
  }
  // What PGlite has opened there stays open until this process ends.
  onTestFinished(disk.detach);
  const dataDir = join(disk.folder, "data");
  const { limits } = databaseSettings(readSettings({}));
  await expect(EmbeddedDatabase.open({ dataDir, schema: "servicedesk", limits }, true)).rejects.toMatchObject(
    {
      code: "database",
      message: expect.stringContaining(`There is no space left for the embedded database in ${dataDir}`),
      remedy: expect.stringContaining("OTC_DATA_DIR"),
    },
  );
});

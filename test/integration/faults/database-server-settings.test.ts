import { appendFileSync, chownSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { readSettings } from "../../../src/config/read-settings.ts";
import { checkDatabase } from "../../../src/doctor/check-database.ts";
import { checkEncryption } from "../../../src/doctor/check-encryption.ts";
import { viewCatalog } from "../../../src/views/catalog.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import { type FaultyDatabase, faultyDatabase, moreTickets } from "../../support/database-fault.ts";
import { failingLoad, load } from "../../support/load-records.ts";
import { migrateBy } from "../../support/migrate-by.ts";
import { installedPostgres } from "../../support/postgres-binaries.ts";
import { type PostgresServer, startPostgres } from "../../support/postgres-server.ts";
import { hasOpenssl, makeCertificate } from "../../support/self-signed-certificate.ts";
import { unprivilegedAccount } from "../../support/unprivileged-account.ts";

/**
 * Six connections, three of them for superusers, besides the one that creates the databases of the tests, and TLS with a
 * certificate that nobody knows.
 */
const SETTINGS = `
max_connections = 7
superuser_reserved_connections = 3
max_wal_senders = 0
autovacuum_worker_slots = 1
autovacuum_max_workers = 1
ssl = on
`;

/** Makes a file the server's own. */
function handOver(path: string): void {
  const account = unprivilegedAccount();
  if (account !== undefined) chownSync(path, account.uid, account.gid);
}

describe.skipIf(installedPostgres(18) === undefined || !hasOpenssl("TLS to PostgreSQL"))(
  "a server with special settings",
  () => {
    let server: PostgresServer;
    beforeAll(async () => {
      server = await startPostgres(18);
      await server.stop();
      Object.values(makeCertificate(server.dataDir)).forEach(handOver);
      appendFileSync(join(server.dataDir, "postgresql.conf"), SETTINGS);
      await server.start();
    });
    afterAll(() => server.destroy());

    /** The database by another name of its host. */
    const at = (host: string, database: FaultyDatabase, env: Readonly<Record<string, string>>) => {
      const url = new URL(database.url);
      url.hostname = host;
      return database.open({ OTC_DATABASE_URL: url.href, ...env });
    };

    test("with a self-signed certificate is checked as OTC_PG_SSLMODE says", async () => {
      const database = await faultyDatabase(server.url, onTestFinished);
      const encrypted = `select coalesce((select ssl from pg_stat_ssl where pid = pg_backend_pid()), false) as ssl`;
      const connects = async (host: string, env: Readonly<Record<string, string>>): Promise<unknown> => {
        const loader = at(host, database, env);
        try {
          return (await (await loader.database()).query<{ ssl: boolean }>(encrypted)).rows[0]?.ssl;
        } catch (error) {
          return error;
        } finally {
          await loader.close();
        }
      };
      const authority = { OTC_PG_SSLROOTCERT: join(server.dataDir, "server.crt") };
      const refusal = (message: RegExp) =>
        expect.objectContaining({ code: "database", message: expect.stringMatching(message) });

      expect(await connects("localhost", { OTC_PG_SSLMODE: "disable" })).toBe(false);
      expect(await connects("127.0.0.1", { OTC_PG_SSLMODE: "require" })).toBe(true);
      expect(await connects("localhost", { OTC_PG_SSLMODE: "verify-full" })).toEqual(refusal(/self-signed/));
      expect(await connects("localhost", { OTC_PG_SSLMODE: "verify-ca" })).toEqual(refusal(/self-signed/));
      expect(await connects("localhost", { OTC_PG_SSLMODE: "verify-full", ...authority })).toBe(true);
      expect(await connects("127.0.0.1", { OTC_PG_SSLMODE: "verify-full", ...authority })).toEqual(
        refusal(/does not match certificate|not in the cert/),
      );
      expect(await connects("127.0.0.1", { OTC_PG_SSLMODE: "verify-ca", ...authority })).toBe(true);
      const encryptedLoader = at("localhost", database, { OTC_PG_SSLMODE: "require" });
      const elsewhere = readSettings({ OTC_PG_HOST: "db.invalid" });
      expect(await checkEncryption(elsewhere, () => encryptedLoader.database())).toContainEqual({
        name: "encryption, PostgreSQL",
        state: "ok",
        finding: "TLS",
      });
      expect(
        await load(
          at("localhost", database, { OTC_PG_SSLMODE: "verify-full", ...authority }),
          tickets,
          moreTickets(50),
        ),
      ).toMatchObject({ status: "success", inserted: 50 });
    });

    test("without TLS is refused when OTC_PG_SSLMODE requires TLS", async () => {
      const database = await faultyDatabase(server.url, onTestFinished);
      await database.sql("alter system set ssl = off");
      await database.sql("select pg_reload_conf()");
      onTestFinished(async () => {
        await database.sql("alter system reset ssl");
        await database.sql("select pg_reload_conf()");
      });
      await expect(
        failingLoad(at("localhost", database, { OTC_PG_SSLMODE: "require" }), tickets, moreTickets(50)),
      ).rejects.toMatchObject({ code: "database", message: expect.stringContaining("does not support SSL") });
    });

    test("whose connections are all in use is reported, and accepts the load when one is free", async () => {
      const database = await faultyDatabase(server.url, onTestFinished);
      await database.sql(
        `create role analyst login superuser password 'secret';
       create role loads login password 'secret';
       grant usage, create on schema servicedesk to loads;
       grant select, insert, update on all tables in schema servicedesk to loads`,
      );
      onTestFinished(async () => {
        await database.sql("drop owned by loads; drop role loads; drop role analyst");
      });
      const asRole = new URL(database.url);
      asRole.username = "loads";
      asRole.password = "secret";
      const env = { OTC_DATABASE_URL: asRole.href };
      const sessions = await Promise.all([database.session(), database.session(), database.session()]);
      await expect(failingLoad(database.open(env), tickets, moreTickets(50))).rejects.toMatchObject({
        code: "database",
        message: expect.stringContaining("53300"),
        remedy: expect.stringContaining("max_connections"),
      });
      await sessions[0].end();
      expect(await load(database.open(env), tickets, moreTickets(50))).toMatchObject({ inserted: 50 });
    });

    test("that is a read-only standby is reported by load, migrate and doctor", async () => {
      const database = await faultyDatabase(server.url, onTestFinished);
      await server.stop();
      // A standby without a primary: it replays what it has, and answers queries.
      const signal = join(server.dataDir, "standby.signal");
      writeFileSync(signal, "");
      handOver(signal);
      await server.start();
      onTestFinished(async () => {
        await server.stop();
        rmSync(signal);
        await server.start();
      });
      const loader = database.open();
      const { error, runId } = await failingLoad(loader, tickets, moreTickets(50));
      expect(runId).toBeNull();
      const refusal = {
        code: "database",
        message: expect.stringContaining("25006"),
        remedy: expect.stringContaining("This server is a read-only standby. Set OTC_PG_HOST to the primary"),
      };
      expect(error).toMatchObject(refusal);
      await expect(
        migrateBy({ OTC_DATABASE_URL: database.url, OTC_PG_SCHEMA: "other" }),
      ).rejects.toMatchObject(refusal);
      expect(await checkDatabase(() => loader.database(), await viewCatalog())).toContainEqual(
        expect.objectContaining({ state: "failed", finding: expect.stringContaining("a read-only standby") }),
      );
    });
  },
);

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { databaseSettings } from "../../../src/config/database-settings.ts";
import { type Environment, readSettings } from "../../../src/config/read-settings.ts";

const choose = (env: Environment) => databaseSettings(readSettings(env));

describe("the database", () => {
  it("is embedded when no server is named in any way", () => {
    expect(choose({})).toMatchObject({ engine: "embedded", dataDir: ".otc-etl", schema: "servicedesk" });
    expect(choose({ OTC_DATA_DIR: "/var/lib/otc", OTC_PG_SCHEMA: "desk" })).toMatchObject({
      engine: "embedded",
      dataDir: "/var/lib/otc",
      schema: "desk",
    });
  });

  it.each([
    [{ OTC_PG_HOST: "db" }, { host: "db", port: 5432, database: "servicedesk" }],
    [{ OTC_PG_PORT: "5433" }, { host: "localhost", port: 5433, database: "servicedesk" }],
    [{ OTC_PG_DATABASE: "desk" }, { host: "localhost", port: 5432, database: "desk" }],
    [{ OTC_PG_USER: "etl" }, { host: "localhost", port: 5432, database: "servicedesk", user: "etl" }],
    [{ OTC_PG_PASSWORD: "x" }, { host: "localhost", port: 5432, database: "servicedesk", password: "x" }],
  ])("is a server as soon as one setting of a server is given: %j", (env, connection) => {
    expect(choose(env)).toMatchObject({ engine: "postgres", schema: "servicedesk" });
    expect((choose(env) as { connection: unknown }).connection).toEqual(connection);
  });

  it("is the one of the URL, whatever else is set", () => {
    const url = "postgres://etl:geheim@db.example.com:5433/desk?sslmode=require";
    expect(choose({ OTC_DATABASE_URL: url, OTC_PG_HOST: "other", OTC_PG_PASSWORD: "other" })).toMatchObject({
      engine: "postgres",
      connection: { connectionString: url },
    });
    expect(choose({ OTC_DATABASE_URL: "postgresql://db/desk" })).toMatchObject({
      connection: { connectionString: "postgresql://db/desk" },
    });
  });

  it("gets a password that is not in the URL, whatever characters it has", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (password) => {
        const chosen = choose({ OTC_DATABASE_URL: "postgres://etl@db/desk", OTC_PG_PASSWORD: password });
        const { connectionString } = (chosen as { connection: { connectionString: string } }).connection;
        const url = new URL(connectionString);
        expect(decodeURIComponent(url.password)).toBe(password);
        expect([url.username, url.host, url.pathname]).toEqual(["etl", "db", "/desk"]);
      }),
    );
  });

  it("has the configured time limits, on a server and embedded", () => {
    const limits = { OTC_LOCK_TIMEOUT_MS: "1", OTC_STATEMENT_TIMEOUT_MS: "2", OTC_IDLE_TIMEOUT_MS: "3" };
    for (const env of [
      limits,
      { ...limits, OTC_PG_HOST: "db" },
      { ...limits, OTC_DATABASE_URL: "postgres://db" },
    ]) {
      expect(choose(env).limits).toMatchObject({ lockMs: 1, statementMs: 2, idleMs: 3 });
    }
  });
});

import { existsSync } from "node:fs";
import { Client } from "pg";
import { describe, expect, inject, test } from "vitest";

import { createTestDatabase } from "../../support/postgres-database.ts";
import { startPostgres } from "../../support/postgres-server.ts";

const servers = inject("postgres");

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

describe.skipIf(servers.length === 0)("the PostgreSQL servers of a test run", () => {
  test("are 15 and 18", () => {
    expect(servers.map(({ major }) => major)).toEqual([15, 18]);
  });

  test.each(servers)("answer with their major: $major", async ({ major, url }) => {
    const [row] = await query(url, "select version()");
    expect(row).toEqual({ version: expect.stringMatching(new RegExp(`^PostgreSQL ${major}\\.`)) });
  });

  test.each(servers)("refuse a wrong password: $major", async ({ url }) => {
    const wrong = new URL(url);
    wrong.password = "wrong";
    await expect(query(wrong.href, "select 1")).rejects.toMatchObject({ code: "28P01" });
  });

  test.each(servers)("clone a database from a template: $major", async ({ url }) => {
    const template = await createTestDatabase(url);
    await query(template.url, "create table kept as select 42 as answer");
    const clones = await Promise.all([
      createTestDatabase(url, { template: template.name }),
      createTestDatabase(url, { template: template.name }),
    ]);
    for (const clone of clones) {
      expect(await query(clone.url, "select answer from kept")).toEqual([{ answer: 42 }]);
      await clone.drop();
    }
    await template.drop();
    for (const { url: gone } of [template, ...clones]) {
      await expect(query(gone, "select 1")).rejects.toMatchObject({ code: "3D000" });
    }
  });

  test.each(servers)(
    "name the session that a test leaked, and drop the database: $major",
    async ({ url }) => {
      const database = await createTestDatabase(url);
      const leaked = new Client({ connectionString: database.url });
      const ended = new Promise((resolve) => leaked.once("end", resolve));
      leaked.on("error", () => undefined);
      await leaked.connect();
      await leaked.query("select 'left open'");
      await expect(database.drop()).rejects.toThrow(
        /1 session\(s\) still connected[^]*idle: select 'left open'/,
      );
      await ended;
      await expect(query(database.url, "select 1")).rejects.toMatchObject({ code: "3D000" });
    },
  );
});

describe.skipIf(servers.length === 0)("a server of one test", () => {
  test("keeps port and committed data over a crash, and leaves nothing behind", async () => {
    const server = await startPostgres(18);
    try {
      await query(server.url, "set synchronous_commit = on; create table kept as select 42 as answer");
      await server.stop("immediate");
      await expect(query(server.url, "select 1")).rejects.toMatchObject({ code: "ECONNREFUSED" });
      await server.start();
      expect(await query(server.url, "select answer from kept")).toEqual([{ answer: 42 }]);
    } finally {
      await server.destroy();
    }
    expect(existsSync(server.dataDir)).toBe(false);
  });
});

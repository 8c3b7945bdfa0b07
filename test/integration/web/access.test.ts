import { pino } from "pino";
import { describe, expect, inject, onTestFinished, test } from "vitest";
import { readSettings } from "../../../src/config/read-settings.ts";
import { startServer } from "../../../src/web/start-server.ts";
import comments from "../../../src/views/definitions/comments.ts";
import { faultyDatabase } from "../../support/database-fault.ts";
import { rightsOfPages, roleOn } from "../../support/database-role.ts";
import { beginLoad } from "../../support/load-records.ts";
import { freePort } from "../../support/postgres-server.ts";
import { comment, many } from "../../support/sample-records.ts";
import { queryMessage, startTcpProxy } from "../../support/tcp-proxy.ts";
import { serve } from "../../support/web-server.ts";

const [server] = inject("postgres").slice(-1);

/** An address where no database is. */
async function nowhere(): Promise<string> {
  return `postgres://nobody@127.0.0.1:${await freePort()}/nothing`;
}

describe("a site without a token", () => {
  test("accepts only Host headers of this machine, only reads, and reports a missing database", async () => {
    const site = await serve({ OTC_DATABASE_URL: await nowhere() });
    expect(await site.ask("/healthz")).toMatchObject({ status: 200, body: "ok\n" });
    expect(await site.ask("/readyz")).toMatchObject({ status: 503, body: "not ready\n" });
    const rebound = await site.ask("/", { headers: { host: "status.evil.example" } });
    expect(rebound).toMatchObject({ status: 421 });
    for (const method of ["POST", "PUT", "DELETE"]) {
      expect(await site.ask("/", { method })).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
    }
    expect(await site.ask("/login")).toMatchObject({ status: 404 });
    expect(await site.ask("/assets/../application.ts")).toMatchObject({ status: 404 });

    const page = await site.ask("/");
    expect(page).toMatchObject({
      status: 503,
      headers: { "retry-after": "10", "cache-control": "no-store" },
    });
    expect(page.body).toContain("The database cannot be reached");
    expect(page.headers["content-security-policy"]).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(await site.ask("/", { method: "HEAD" })).toMatchObject({ status: 503, body: "" });
  });

  test("does not start where others could read it, or on a port that is in use", async () => {
    const site = await serve({ OTC_DATABASE_URL: await nowhere() });
    const settings = readSettings({});
    const options = { database: undefined as never, settings, log: pino({ level: "silent" }), port: 0 };
    await expect(startServer({ ...options, host: "0.0.0.0" })).rejects.toMatchObject({
      code: "configuration",
      remedy: expect.stringContaining("OTC_WEB_TOKEN"),
    });
    const taken = Number(new URL(site.url).port);
    await expect(startServer({ ...options, host: "127.0.0.1", port: taken })).rejects.toMatchObject({
      code: "configuration",
      message: expect.stringContaining("EADDRINUSE"),
    });
    expect(() => readSettings({ OTC_WEB_TOKEN: "too short" })).toThrow(
      /^OTC_WEB_TOKEN must have at least 16/,
    );
  });
});

describe("a site with a token", () => {
  const token = "token-of-the-test";

  test("requires it in a header or a cookie, and limits wrong guesses", async () => {
    const site = await serve({ OTC_DATABASE_URL: await nowhere(), OTC_WEB_TOKEN: token });
    const bearer = (text: string) => site.ask("/", { headers: { authorization: `Bearer ${text}` } });
    const login = (text: string, to = "/runs?view=tickets", headers = {}) =>
      site.ask("/login", {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
        body: new URLSearchParams({ token: text, to }).toString(),
      });
    // Past the door there is no database, and a page says so.
    const inside = { status: 503 };

    expect(await site.ask("/healthz")).toMatchObject({ status: 200 });
    expect(await site.ask("/runs")).toMatchObject({
      status: 401,
      headers: { "www-authenticate": expect.stringMatching(/^Bearer/) },
    });
    expect(await site.ask("/metrics")).toMatchObject({ status: 401 });
    expect(await site.ask("/runs?view=tickets", { headers: { accept: "text/html" } })).toMatchObject({
      status: 303,
      headers: { location: "/login?to=%2Fruns%3Fview%3Dtickets" },
    });
    expect(await bearer(token)).toMatchObject(inside);
    expect(await bearer("wrong")).toMatchObject({ status: 401 });

    const form = await site.ask("/login?to=%2Fruns");
    expect(form.body).toContain('name="to" value="/runs"');
    const signedIn = await login(token);
    expect(signedIn).toMatchObject({ status: 303, headers: { location: "/runs?view=tickets" } });
    const [cookie = ""] = signedIn.headers["set-cookie"] ?? [];
    expect(cookie).toMatch(/; HttpOnly; SameSite=Strict$/);
    expect(cookie).not.toContain(token);
    expect((await login(token, "/", { "x-forwarded-proto": "https" })).headers["set-cookie"]).toEqual([
      expect.stringContaining("; Secure"),
    ]);
    for (const elsewhere of [
      "//evil.example/",
      "https://evil.example/",
      "/\\evil.example",
      "/\t/evil.example",
    ]) {
      expect(await login(token, elsewhere)).toMatchObject({ status: 303, headers: { location: "/" } });
    }
    const [session = ""] = cookie.split(";");
    expect(await site.ask("/", { headers: { cookie: session } })).toMatchObject(inside);
    const forged = session.replace(/\d/, (digit) => String((Number(digit) + 1) % 10));
    expect(await site.ask("/", { headers: { cookie: forged } })).toMatchObject({ status: 401 });

    const guesses = await Promise.all(Array.from({ length: 12 }, (_, index) => login(`guess ${index}`)));
    expect(guesses.filter(({ status }) => status === 401)).toHaveLength(9);
    expect(guesses.filter(({ status }) => status === 429)).toHaveLength(3);
    expect(await bearer(token)).toMatchObject({
      status: 429,
      headers: { "retry-after": expect.stringMatching(/^\d+$/) },
    });
    // Who is in stays in.
    expect(await site.ask("/", { headers: { cookie: session } })).toMatchObject(inside);
  });
});

describe.skipIf(server === undefined)("the database of a site", () => {
  const { url } = server!;

  test("can be read by a separate role with the documented rights", async () => {
    const database = await faultyDatabase(url, onTestFinished);
    const { env } = await roleOn(database, "", await rightsOfPages());
    const site = await serve({ ...database.env, OTC_WEB_DATABASE_URL: env["OTC_DATABASE_URL"] });
    expect(await site.ask("/readyz")).toMatchObject({ status: 200, body: "ready\n" });
    for (const path of ["/", "/runs?view=tickets", "/runs/1", "/rejects", "/desk"]) {
      expect(await site.ask(path), path).toMatchObject({ status: 200 });
    }
    expect(await site.ask("/metrics")).toMatchObject({
      status: 200,
      headers: { "content-type": expect.stringMatching(/^text\/plain; version=/) },
      body: expect.stringContaining('otc_etl_failures_in_row{view="tickets"} 0'),
    });
    const held = await beginLoad(
      database.open(),
      comments,
      many(5000, (id) => comment(id)),
    );
    await expect.poll(async () => (await site.ask("/")).body).toMatch(/[\d,]+ records/);
    held.finish();
    expect(await held.outcome).toMatchObject({ status: "success" });
  });

  test("can fail for one page and work for the next, and its error is only in the log", async () => {
    const database = await faultyDatabase(url, onTestFinished);
    const proxy = await startTcpProxy({ host: "127.0.0.1", port: Number(new URL(url).port) });
    onTestFinished(() => proxy.close());
    const through = new URL(database.url);
    through.port = String(proxy.port);
    const lines: string[] = [];
    const log = pino({}, { write: (line: string) => lines.push(line) });
    const site = await serve({ OTC_DATABASE_URL: through.href }, { log });

    proxy.swallowAnswerTo(queryMessage("begin isolation level read committed"), "cut");
    expect(await site.ask("/")).toMatchObject({ status: 503 });
    expect(await site.ask("/")).toMatchObject({ status: 200 });

    await database.sql(`alter table servicedesk.etl_rejects rename column reason to "secret reason"`);
    const migrated = await site.ask("/rejects");
    expect(migrated).toMatchObject({ status: 503, body: expect.stringContaining("otc-etl migrate") });
    await database.sql(`alter table servicedesk.etl_rejects rename column "secret reason" to reason`);
    await database.sql("alter table servicedesk.etl_rejects alter column view_name type bytea using ''");
    const defect = await site.ask("/rejects");
    expect(defect.status).toBe(500);
    const [, reference = "no reference"] = /<code>([0-9a-f]{8})<\/code>/.exec(defect.body) ?? [];
    expect(defect.body).not.toMatch(/bytea|SQLSTATE|select/);
    expect(lines.filter((line) => line.includes(reference))).toEqual([
      expect.stringMatching(/"path":"\/rejects".*bytea/),
    ]);
  });
});

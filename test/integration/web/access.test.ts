import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { describe, expect, inject, onTestFinished, test, vi } from "vitest";
import { readSettings } from "../../../src/config/read-settings.ts";
import { startServer } from "../../../src/web/start-server.ts";
import comments from "../../../src/views/definitions/comments.ts";
import { faultyDatabase } from "../../support/database-fault.ts";
import { rightsOfPages, roleOn } from "../../support/database-role.ts";
import { beginLoad } from "../../support/load-records.ts";
import { freePort } from "../../support/postgres-server.ts";
import { comment, many } from "../../support/sample-records.ts";
import { queryMessage, startTcpProxy } from "../../support/tcp-proxy.ts";
import { type ServedSite, serve } from "../../support/web-server.ts";

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
      "/..//evil.example",
      "/runs/..//evil.example",
      "/%2e%2e//evil.example",
      "/.//evil.example",
      "/runs/..\\/evil.example",
      "/login",
      "/nothing",
    ]) {
      expect(await login(token, elsewhere)).toMatchObject({ status: 303, headers: { location: "/" } });
      const form = await site.ask(`/login?${new URLSearchParams({ to: elsewhere }).toString()}`);
      expect(form.body).toContain('name="to" value="/"');
    }
    const [session = ""] = cookie.split(";");
    expect(await site.ask("/", { headers: { cookie: session } })).toMatchObject(inside);
    const forged = session.replace(/\d/, (digit) => String((Number(digit) + 1) % 10));
    expect(await site.ask("/", { headers: { cookie: forged } })).toMatchObject({ status: 401 });

    const guesses = await Promise.all(Array.from({ length: 12 }, (_, index) => login(`guess ${index}`)));
    expect(guesses.filter(({ status }) => status === 401)).toHaveLength(9);
    const refused = guesses.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(3);
    for (const { headers } of refused) expect(headers["retry-after"]).toMatch(/^\d+$/);
    expect(await bearer("wrong")).toMatchObject({ status: 429 });
    // The right token is never refused, whoever has sent wrong ones from the same address.
    expect(await bearer(token)).toMatchObject(inside);
    expect(await login(token)).toMatchObject({ status: 303 });
    // Who is in stays in.
    expect(await site.ask("/", { headers: { cookie: session } })).toMatchObject(inside);
  });

  test("slows wrong tokens per address that a trusted proxy names, and in total", async () => {
    const env = { OTC_DATABASE_URL: await nowhere(), OTC_WEB_TOKEN: token };
    const guess = (site: ServedSite, forwarded: string, text = "wrong") =>
      site.ask("/", { headers: { authorization: `Bearer ${text}`, "x-forwarded-for": forwarded } });
    const guesses = async (site: ServedSite, forwarded: string, count: number) =>
      (await Promise.all(Array.from({ length: count }, () => guess(site, forwarded)))).map(
        (answer) => answer.status,
      );

    const behind = await serve({ ...env, OTC_WEB_TRUSTED_PROXIES: "127.0.0.0/8, 10.1.0.1" });
    expect(await guesses(behind, "192.0.2.1", 10)).toEqual(Array(10).fill(401));
    expect(await guess(behind, "192.0.2.1")).toMatchObject({ status: 429 });
    // The last address that is no trusted proxy counts. A client can write what it likes before it.
    expect(await guess(behind, "192.0.2.9, 192.0.2.1, 10.1.0.1")).toMatchObject({ status: 429 });
    expect(await guess(behind, "192.0.2.2")).toMatchObject({ status: 401 });
    expect(await guess(behind, "192.0.2.1", token)).toMatchObject({ status: 503 });
    for (let index = 3; index < 12; index += 1) await guesses(behind, `192.0.2.${index}`, 10);
    expect(await guess(behind, "198.51.100.1")).toMatchObject({ status: 429 });
    expect(await guess(behind, "198.51.100.1", token)).toMatchObject({ status: 503 });

    // Without trusted proxies, the header says nothing.
    const direct = await serve(env);
    for (let index = 0; index < 10; index += 1) {
      expect(await guess(direct, `192.0.2.${index}`)).toMatchObject({ status: 401 });
    }
    expect(await guess(direct, "192.0.2.99")).toMatchObject({ status: 429 });
    expect(() => readSettings({ OTC_WEB_TRUSTED_PROXIES: "10.0.0.0/33" })).toThrow(/OTC_WEB_TRUSTED_PROXIES/);
    expect(() => readSettings({ OTC_WEB_TRUSTED_PROXIES: "proxy.example" })).toThrow(
      /OTC_WEB_TRUSTED_PROXIES/,
    );
  });

  test("ends a session when its user signs out, also for who has copied the cookie", async () => {
    const site = await serve({ OTC_DATABASE_URL: await nowhere(), OTC_WEB_TOKEN: token });
    const signIn = async () => {
      const answer = await site.ask("/login", {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams({ token }).toString(),
      });
      return answer.headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
    };
    const [first, second] = [await signIn(), await signIn()];
    const page = (cookie: string) => site.ask("/", { headers: { cookie } });
    expect((await page(first)).body).toContain('action="/logout"');
    const out = await site.ask("/logout", { method: "POST", headers: { cookie: first } });
    expect(out).toMatchObject({ status: 303, headers: { location: "/login" } });
    expect(out.headers["set-cookie"]?.[0]).toMatch(/^otc_etl_session=; Max-Age=0; Path=\//);
    expect(await page(first)).toMatchObject({ status: 401 });
    expect(await page(second)).toMatchObject({ status: 503 });
    expect(await site.ask("/logout", { method: "POST" })).toMatchObject({ status: 303 });
    expect((await site.ask("/login")).body).not.toContain("/logout");
    const open = await serve({ OTC_DATABASE_URL: await nowhere() });
    expect((await open.ask("/")).body).not.toContain("/logout");
    expect(await open.ask("/logout", { method: "POST" })).toMatchObject({ status: 405 });
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

  test("is asked once for a page, whatever an address says that the page does not read", async () => {
    const database = await faultyDatabase(url, onTestFinished);
    const opened = await database.open().database();
    const reads = vi.spyOn(opened, "transaction");
    const site = await serve(database.env, { database: opened });
    for (const path of ["/desk", "/runs", "/rejects", "/", "/runs/1", "/rejects/1"]) {
      reads.mockClear();
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          site.ask(`${path}?x=${index}&view=+&before=x${index}&weeks=${index}00`),
        ),
      );
      const statuses = new Set(answers.map(({ status }) => status));
      expect([...statuses], path).toEqual([["/rejects/1", "/desk"].includes(path) ? 404 : 200]);
      expect(reads, path).toHaveBeenCalledTimes(1);
    }
  });

  test("is not asked for a text that it cannot hold", async () => {
    const database = await faultyDatabase(url, onTestFinished);
    const lines: string[] = [];
    const site = await serve(database.env, { log: pino({}, { write: (line: string) => lines.push(line) }) });
    for (const path of ["/rejects?key=a%00b", "/rejects?view=%00", "/runs?view=%00", "/desk?team=%00"]) {
      expect(await site.ask(path), path).toMatchObject({
        status: 400,
        body: expect.stringContaining("U+0000"),
      });
    }
    expect(await site.ask("/desk?team=nobody")).toMatchObject({
      status: 404,
      body: expect.stringContaining("no team"),
    });
    expect(lines).toEqual([]);
  });

  test("that says nothing is given up within seconds, and neither readiness nor metrics pretend", async () => {
    const database = await faultyDatabase(url, onTestFinished);
    const proxy = await startTcpProxy({ host: "127.0.0.1", port: Number(new URL(url).port) });
    onTestFinished(() => proxy.close());
    const through = new URL(database.url);
    through.port = String(proxy.port);
    const site = await serve({ OTC_DATABASE_URL: through.href });
    // As many connections as the pages have.
    const paths = ["/", "/runs", "/rejects", "/desk"];
    await Promise.all(paths.map((path) => site.ask(path)));
    expect(await site.ask("/readyz")).toMatchObject({ status: 200 });
    expect(await site.ask("/metrics")).toMatchObject({ status: 200 });

    proxy.freezeConnected();
    await sleep(1100);
    const begin = performance.now();
    const [ready, metrics, ...pages] = await Promise.all(
      ["/readyz", "/metrics", ...paths].map((path) => site.ask(path)),
    );
    expect(performance.now() - begin).toBeLessThan(10_000);
    expect(ready).toMatchObject({ status: 503, body: "not ready\n" });
    expect(metrics).toMatchObject({ status: 503 });
    expect(metrics?.body).not.toContain("otc_etl_");
    for (const { body } of pages)
      expect(body).toMatch(/This page shows the state at|The database is busy|cannot be reached/);
    // The connections that are silent are closed, and new ones work.
    await expect.poll(async () => (await site.ask("/readyz")).status, { timeout: 15_000 }).toBe(200);
    await expect.poll(async () => (await site.ask("/metrics")).status, { timeout: 15_000 }).toBe(200);
    for (const path of paths) {
      await expect
        .poll(async () => (await site.ask(path)).body, { timeout: 15_000 })
        .not.toContain("The database is busy");
    }
  });
});

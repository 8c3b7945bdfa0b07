import { pino } from "pino";
import { describe, expect, inject, onTestFinished, test } from "vitest";
import tickets from "../../../src/views/definitions/tickets.ts";
import { DatabaseWatch } from "../../../src/worker/database-watch.ts";
import { JobQueue } from "../../../src/worker/job-queue.ts";
import { work } from "../../../src/worker/worker.ts";
import { faultyDatabase } from "../../support/database-fault.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { startWebhookServer } from "../../support/webhook-server.ts";
import { sendDatabaseAlert, sendDueAlerts } from "../../../src/loader/send-alerts.ts";

const [server] = inject("postgres").slice(-1);

describe.skipIf(server === undefined)("a worker whose database is away", () => {
  test("tells so once, and once that it is back", { timeout: 60_000 }, async () => {
    const database = await faultyDatabase(server!.url, onTestFinished);
    const chat = await startWebhookServer();
    const target = new URL(database.url);
    const proxy = await startTcpProxy({ host: target.hostname, port: Number(target.port) });
    onTestFinished(() => proxy.close());
    const { port } = proxy;
    const through = new URL(database.url);
    through.hostname = "127.0.0.1";
    through.port = String(port);
    const loader = database.open({
      ...chat.env,
      OTC_DATABASE_URL: through.href,
      OTC_CONNECT_TIMEOUT_MS: "500",
      OTC_ALERT_ON: "failed",
    });
    const opened = await loader.database();
    const queue = new JobQueue(opened, () => undefined);
    await queue.start([tickets]);
    const stop = new AbortController();
    const working = work({
      database: opened,
      queue,
      // Nothing is due: the tickets were loaded a moment ago.
      schedules: [{ view: tickets, cron: "0 0 1 1 *", timeZone: "UTC" }],
      load: () => Promise.reject(new Error("nothing is due")),
      sendDueAlerts: () => sendDueAlerts(loader),
      databaseWatch: new DatabaseWatch((news) => sendDatabaseAlert(loader, news), 0),
      prune: () => Promise.resolve(),
      log: pino({ level: "silent" }),
      signal: stop.signal,
    });
    proxy.freeze();
    await expect.poll(() => chat.texts.length, { timeout: 20_000 }).toBe(1);
    expect(chat.texts[0]).toMatch(/^🔴 otc-etl: the database cannot be reached\nSince 20.* UTC: /);
    proxy.thaw();
    await expect.poll(() => chat.texts.length, { timeout: 30_000 }).toBe(2);
    expect(chat.texts[1]).toMatch(/^🟢 otc-etl: the database can be reached again\n/);
    stop.abort();
    await working;
    await queue.stop();
    expect(chat.texts).toHaveLength(2);
  });

  test("tells nothing of a short absence, and nothing twice", async () => {
    const told: string[] = [];
    const tell = ({ news }: { news: string }): Promise<boolean> => {
      told.push(news);
      return Promise.resolve(true);
    };
    const patient = new DatabaseWatch(tell, 60_000);
    await patient.isAway("a test");
    await patient.isBack();
    expect(told).toEqual([]);
    const watch = new DatabaseWatch(tell, 0);
    for (let round = 0; round < 3; round += 1) await watch.isAway("a test");
    expect(told).toEqual(["broken"]);
    for (let round = 0; round < 3; round += 1) await watch.isBack();
    expect(told).toEqual(["broken", "recovered"]);
  });
});

// Takes screenshots of every page, light, dark and as on a phone: npm run screenshots [-- <folder>]
// The pages show the ninety nights of `npm run demo -- --serve`, which are kept, then a failing load and an empty database.
// docs/screenshots/ has a few of them.
import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import type { Browser } from "playwright-core";
import { type DemoDesk, openDemoDesk } from "../src/demo/demo-desk.ts";
import { loadHistory } from "../src/demo/load-history.ts";
import { newFieldSince } from "../src/demo/nights.ts";
import { readSchedules } from "../src/schedule/schedule.ts";
import { startServer } from "../src/web/start-server.ts";
import { startChromium } from "../test/support/browser.ts";

const [folder = ".otc-etl/screenshots"] = process.argv.slice(2);

/** The history of `demo --serve`, and its size. */
const HISTORY = ".otc-etl/demo-history";
const SCALE = { tickets: 1095, comments: 300, timesheets: 1644 };

const LOOKS = {
  light: { colorScheme: "light", viewport: { width: 1440, height: 900 } },
  dark: { colorScheme: "dark", viewport: { width: 1440, height: 900 } },
  phone: { colorScheme: "light", viewport: { width: 390, height: 844 }, hasTouch: true },
} as const;

const now = new Date();
const never = new AbortController().signal;

/** The pages with ninety nights, each with the name of its file. */
const PAGES: Readonly<Record<string, string>> = {
  status: "/",
  runs: "/runs",
  "runs-of-view": "/runs?view=timesheets",
  run: "/runs/90",
  quarantine: "/rejects",
  record: "/rejects/1",
  desk: "/desk",
};

/** The screenshots that the documentation shows. */
const SHOWN = ["status-light", "status-dark", "status-phone"];

async function shoot(browser: Browser, desk: DemoDesk, pages: typeof PAGES): Promise<void> {
  const server = await startServer({
    database: await desk.loader.database(),
    settings: desk.loader.settings,
    schedules: readSchedules(desk.views, desk.loader.settings, {}, {}),
    log: pino({ level: "silent" }),
    host: "127.0.0.1",
    port: 0,
  });
  for (const [look, options] of Object.entries(LOOKS)) {
    const context = await browser.newContext({ baseURL: server.url, ...options });
    const page = await context.newPage();
    for (const [name, path] of Object.entries(pages)) {
      await page.goto(path);
      await page.screenshot({ path: join(folder, `${name}-${look}.png`), fullPage: true });
    }
    await context.close();
  }
  await server.close();
}

/** @param directory of the database; undefined for a new one that is removed afterwards */
async function withDesk(
  directory: string | undefined,
  work: (desk: DemoDesk) => Promise<void>,
): Promise<void> {
  const own = directory ?? (await mkdtemp(join(tmpdir(), "otc-etl-screenshots-")));
  const desk = await openDemoDesk({
    directory: own,
    scale: SCALE,
    newFieldSince: newFieldSince(now),
    corrections: true,
    log: pino({ level: "silent" }),
    signal: never,
    onProgress: () => undefined,
  });
  try {
    await desk.loader.migrate(never);
    await work(desk);
  } finally {
    await desk.close();
    if (directory === undefined) await rm(own, { recursive: true });
  }
}

await mkdir(folder, { recursive: true });
const browser = await startChromium();
try {
  await withDesk(HISTORY, async (desk) => {
    await loadHistory(desk, now, never, () => undefined);
    await shoot(browser, desk, PAGES);
  });
  await withDesk(undefined, async (desk) => {
    await shoot(browser, desk, { "status-empty": "/", "runs-empty": "/runs", "desk-empty": "/desk" });
    await desk.night();
    desk.simulator.setTroubles({ tickets: "unavailable", timesheets: "cut-short" });
    await desk.night();
    await shoot(browser, desk, { "status-failing": "/", "runs-failed": "/runs?status=failed" });
  });
} finally {
  await browser.close();
}
await mkdir("docs/screenshots", { recursive: true });
for (const name of SHOWN) await copyFile(join(folder, `${name}.png`), `docs/screenshots/${name}.png`);

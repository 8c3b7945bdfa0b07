// Takes screenshots of every page, light, dark and as on a phone: npm run screenshots [-- <folder>]
// The pages show the ninety nights of `npm run demo -- --serve`, which are kept, then an empty database, a failing load and,
// on PostgreSQL 18, a load that runs. The browser is in a time zone, so that they show its times beside UTC.
// docs/screenshots/ has a few of them.
import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import type { Browser } from "playwright-core";
import { type DemoDesk, openDemoDesk } from "../src/demo/demo-desk.ts";
import { migrate } from "../src/loader/migrate.ts";
import { Loader } from "../src/loader/loader.ts";
import { loadHistory } from "../src/demo/load-history.ts";
import { newFieldSince } from "../src/demo/nights.ts";
import { readSchedules } from "../src/schedule/schedule.ts";
import { viewCatalog } from "../src/views/catalog.ts";
import comments from "../src/views/definitions/comments.ts";
import { startServer } from "../src/web/start-server.ts";
import { startChromium } from "../test/support/browser.ts";
import { beginLoad, load } from "../test/support/load-records.ts";
import { startPostgres } from "../test/support/postgres-server.ts";
import { comment, many } from "../test/support/sample-records.ts";

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
  "desk-of-team": "/desk?team=Service+Desk&weeks=13",
  overlaps: "/desk/overlaps?weeks=13",
  missing: "/desk/missing",
  rekeyed: "/desk/missing?reason=rekeyed",
};

const RUNNING_PAGES: typeof PAGES = {
  "status-running": "/",
  "runs-running": "/runs",
  "run-running": "/runs/2",
};

/** The screenshots that the documentation shows. */
const SHOWN = ["status-light", "status-dark", "status-phone"];

/** What a server of the pages needs. */
type ShownDesk = Pick<DemoDesk, "loader" | "views">;

async function shoot(browser: Browser, { loader, views }: ShownDesk, pages: typeof PAGES): Promise<void> {
  const server = await startServer({
    database: await loader.database(),
    settings: loader.settings,
    schedules: readSchedules(views, loader.settings, {}, {}),
    log: pino({ level: "silent" }),
    host: "127.0.0.1",
    port: 0,
  });
  for (const [look, options] of Object.entries(LOOKS)) {
    const context = await browser.newContext({
      baseURL: server.url,
      timezoneId: "Europe/Zurich",
      ...options,
    });
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
    await migrate(desk.loader, never);
    await work(desk);
  } finally {
    await desk.close();
    if (directory === undefined) await rm(own, { recursive: true });
  }
}

/** A load that waits for the end of its document. The embedded database would let no page read while it runs. */
async function shootRunning(browser: Browser): Promise<void> {
  const server = await startPostgres(18);
  const loader = new Loader({
    env: { OTC_DATABASE_URL: server.url },
    flags: {},
    log: pino({ level: "silent" }),
  });
  try {
    await migrate(loader, never);
    const records = many(6000, (id) => comment(id));
    await load(loader, comments, records);
    const held = await beginLoad(loader, comments, records.slice(0, 4500), { allowShrink: true });
    await shoot(browser, { loader, views: await viewCatalog() }, RUNNING_PAGES);
    held.finish();
    await held.outcome;
  } finally {
    await loader.close();
    await server.destroy();
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
  await shootRunning(browser);
} finally {
  await browser.close();
}
await mkdir("docs/screenshots", { recursive: true });
for (const name of SHOWN) await copyFile(join(folder, `${name}.png`), `docs/screenshots/${name}.png`);

import { randomBytes } from "node:crypto";
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { compress } from "hono/compress";
import { createMiddleware } from "hono/factory";
import type { Logger } from "pino";
import type { Settings } from "../config/settings.ts";
import type { Database } from "../database/database.ts";
import { requireMigrated } from "../database/migrations/migrations.ts";
import { type ReadLimits, withReadOnlyTransaction } from "../database/with-read-only-transaction.ts";
import { errorMessage } from "../errors/error-message.ts";
import type { MetricsText } from "../metrics/exposition.ts";
import { metricsText } from "../metrics/metrics-text.ts";
import type { Schedule } from "../schedule/schedule.ts";
import { ScheduleCalendar } from "../schedule/schedule-calendar.ts";
import type { View } from "../views/view.ts";
import { loginRoutes } from "./access/login.ts";
import { loopbackHostsOnly } from "./access/loopback-hosts-only.ts";
import { accessWith, LOGIN_PATH, LOGOUT_PATH, requireToken } from "./access/require-token.ts";
import type { Answer, Endpoint } from "./api/endpoint.ts";
import { ENDPOINTS } from "./api/endpoints.ts";
import type { Assets } from "./page/assets.ts";
import { failureForPrograms, failurePage, NOT_FOUND, unknownAddress } from "./page/failure.ts";
import { type Layout, renderPage } from "./page/layout.ts";
import type { Page, PageContent, PageRequest } from "./page/page.ts";
import { readQuery } from "./page/query.ts";
import { PAGES } from "./pages.ts";
import { CoalescingCache } from "./reading/coalescing-cache.ts";
import { securityHeaders } from "./security-headers.ts";

/** What the pages are rendered from. */
export interface Site {
  readonly database: Database;
  readonly settings: Settings;
  readonly schedules: readonly Schedule[];
  readonly views: readonly View[];
  readonly assets: Assets;
  readonly log: Logger;
}

/** Limits for the queries of one page, so that a slow database does not block the pages. */
const READ_LIMITS: ReadLimits = { statementMs: 5000, lockMs: 1000 };

/** How long a browser waits for the database before it gets an older page, or an error that asks it to retry; in milliseconds. */
const MAX_WAIT_MS = 3000;

/** After how many seconds a browser requests a failed page again. */
const RETRY_SECONDS = 10;

/** How many scheduled loads of each view the status page shows. */
const NIGHTS_SHOWN = 30;

/** Below this path are the addresses for programs. */
const API = "/api/";

const READS = new Set(["GET", "HEAD"]);

/** All routes. Those before `requireToken` are public; those after it require the token, if one is configured. */
export function buildApplication(site: Site): Hono {
  const { database, settings, assets, log } = site;
  const layout: Layout = {
    assets,
    pages: PAGES,
    ...(settings.webToken === undefined ? {} : { signOutPath: LOGOUT_PATH }),
  };
  const app = new Hono();
  app.use(securityHeaders());
  app.use(compress());
  app.use(onlyReads(settings.webToken === undefined ? [] : [LOGIN_PATH, LOGOUT_PATH]));
  if (settings.webToken === undefined) app.use(loopbackHostsOnly());

  app.get("/healthz", (context) => context.text("ok\n"));
  const readiness = new CoalescingCache<true>(MAX_WAIT_MS);
  app.get("/readyz", async (context) => {
    try {
      await readiness.getNew("", () => requireMigrated(database).then(() => true));
      return context.text("ready\n");
    } catch (error) {
      log.warn(`not ready: ${errorMessage(error)}`);
      return context.text("not ready\n", 503);
    }
  });
  app.get("/assets/*", (context) => {
    const asset = assets.at(context.req.path);
    if (asset === undefined) return context.notFound();
    return context.body(asset.body, 200, {
      "content-type": asset.type,
      "cache-control": "public, max-age=31536000, immutable",
    });
  });

  app.use(neverStored);
  if (settings.webToken !== undefined) {
    const access = accessWith(settings.webToken, settings.webTrustedProxies, log);
    app.route("/", loginRoutes(access, layout));
    app.use(requireToken(access));
  }
  const scrapes = new CoalescingCache<MetricsText>(READ_LIMITS.statementMs);
  app.get("/metrics", async (context) => {
    const value = await scrapes.getNew("", () =>
      withReadOnlyTransaction(database, READ_LIMITS, (transaction) => metricsText(transaction, settings)),
    );
    return context.body(value.body, 200, { "content-type": value.contentType });
  });
  const reads = new CoalescingCache<PageContent>(MAX_WAIT_MS);
  const calendar = new ScheduleCalendar(site.schedules, NIGHTS_SHOWN);
  for (const page of PAGES) addPage(app, page, { site, layout, reads, calendar });
  const answers = new CoalescingCache<Answer>(MAX_WAIT_MS);
  for (const endpoint of ENDPOINTS) addEndpoint(app, endpoint, { site, answers, calendar });

  app.notFound((context) => {
    const { path } = context.req;
    if (path.startsWith(API)) return context.json(unknownAddress(path, ENDPOINTS), 404);
    return context.html(renderPage(layout, path, NOT_FOUND), 404);
  });
  app.onError((error, context) => {
    const reference = randomBytes(4).toString("hex");
    const { status, content } = failurePage(error, reference);
    const found = { reference, path: context.req.path };
    if (status === 500) log.error({ ...found, err: error }, `a page failed: ${errorMessage(error)}`);
    if (status === 503) {
      log.warn(found, `a page is not available yet: ${errorMessage(error)}`);
      context.header("retry-after", String(RETRY_SECONDS));
      // This reloads the page in browsers without JavaScript, too.
      context.header("refresh", String(RETRY_SECONDS));
    }
    if (context.req.path.startsWith(API)) return context.json(failureForPrograms(error, status), status);
    return context.html(renderPage(layout, context.req.path, content), status);
  });
  return app;
}

/** Refuses all methods but reads, because the pages change nothing, and POST at the paths of forms. */
function onlyReads(forms: readonly string[]): MiddlewareHandler {
  return async (context, next) => {
    const { method, path } = context.req;
    if (READS.has(method) || (method === "POST" && forms.includes(path))) return next();
    return context.text(`${method} is not allowed.\n`, 405, { allow: [...READS].join(", ") });
  };
}

/** Forbids caches to store pages, which get old quickly and may be secret. */
const neverStored = createMiddleware(async (context, next) => {
  await next();
  context.header("cache-control", "no-store");
});

interface PageRoute {
  readonly site: Site;
  readonly layout: Layout;
  readonly reads: CoalescingCache<PageContent>;
  readonly calendar: ScheduleCalendar;
}

function addPage(app: Hono, page: Page, { site, layout, reads, calendar }: PageRoute): void {
  app.get(page.path, async (context) => {
    const { key, request, pathname } = requestOf(context, page, site, calendar);
    const { value, readAt, old } = await reads.get(key, () =>
      withReadOnlyTransaction(site.database, READ_LIMITS, (transaction) =>
        page.content({ ...request, database: transaction }),
      ),
    );
    const notice = old
      ? `The database is busy, perhaps with a load. This page shows the state at ${readAt.toISOString().slice(11, 19)}.`
      : undefined;
    return context.html(renderPage(layout, pathname, value, notice), value.status ?? 200);
  });
}

interface EndpointRoute {
  readonly site: Site;
  readonly answers: CoalescingCache<Answer>;
  readonly calendar: ScheduleCalendar;
}

/** Programs never get an older answer. A failure is an object with the keys that it has with `--json`. */
function addEndpoint(app: Hono, endpoint: Endpoint, { site, answers, calendar }: EndpointRoute): void {
  app.get(endpoint.path, async (context) => {
    const { key, request } = requestOf(context, endpoint, site, calendar);
    const answer = await answers.getNew(key, () =>
      withReadOnlyTransaction(site.database, READ_LIMITS, (transaction) =>
        endpoint.answer({ ...request, database: transaction }),
      ),
    );
    if ("file" in answer) {
      const { name, type, text } = answer.file;
      return context.body(text, 200, {
        "content-type": type,
        "content-disposition": `attachment; filename="${name}"`,
      });
    }
    const { value, status = 200 } = answer;
    return context.body(`${JSON.stringify(value)}\n`, status, { "content-type": "application/json" });
  });
}

/** What is read for a request, and the key that identical requests share: only declared parameters are in it. */
function requestOf(
  context: Context,
  page: Pick<Page, "parameters">,
  { views, settings }: Site,
  calendar: ScheduleCalendar,
): {
  readonly key: string;
  readonly pathname: string;
  readonly request: Omit<PageRequest, "database">;
} {
  const { pathname, searchParams } = new URL(context.req.url);
  const query = readQuery(page, searchParams);
  const params = context.req.param() as Readonly<Record<string, string>>;
  return {
    key: `${pathname}?${query.toString()}`,
    pathname,
    request: { views, settings, calendar, params, query },
  };
}

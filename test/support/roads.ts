import { pino } from "pino";
import { expect, onTestFinished } from "vitest";
import { checkDatabase } from "../../src/doctor/check-database.ts";
import { chooseDocuments } from "../../src/loader/choose-documents.ts";
import type { Loader } from "../../src/loader/loader.ts";
import { loadDocuments } from "../../src/loader/load-documents.ts";
import { migrate } from "../../src/loader/migrate.ts";
import { missingSinceArchive } from "../../src/loader/missing-since-archive.ts";
import { prune } from "../../src/loader/prune.ts";
import { replayDocuments } from "../../src/loader/replay-documents.ts";
import { restoreMissing, showMissing } from "../../src/loader/restore-missing.ts";
import { retryRejects } from "../../src/loader/retry-rejects.ts";
import { readSettings } from "../../src/config/read-settings.ts";
import { readJobsBackend } from "../../src/database/table-backend.ts";
import type { LoadOutcome } from "../../src/runs/outcome.ts";
import { readMissing } from "../../src/runs/queries/read-missing.ts";
import { countRejects } from "../../src/runs/rejects/read-rejects.ts";
import { readSchedules } from "../../src/schedule/schedule.ts";
import { viewCatalog } from "../../src/views/catalog.ts";
import comments from "../../src/views/definitions/comments.ts";
import tickets from "../../src/views/definitions/tickets.ts";
import timesheets from "../../src/views/definitions/timesheets.ts";
import { DatabaseWatch } from "../../src/worker/database-watch.ts";
import { JobQueue } from "../../src/worker/job-queue.ts";
import { workOnce } from "../../src/worker/worker.ts";
import type { DocumentServer } from "./document-server.ts";
import type { DatabaseUnderTest } from "./each-database.ts";
import { importFile } from "./import-file.ts";
import { documentOf, type Fields, load, loadViews, plan } from "./load-records.ts";
import { fileOf } from "./record-file.ts";
import { temporaryFolder } from "./run-cli.ts";
import { comment, many, ticket, timesheet } from "./sample-records.ts";
import { tableContents } from "./table-contents.ts";
import { serve } from "./web-server.ts";

/** One of the two databases that take the same roads. */
interface Site {
  readonly database: DatabaseUnderTest;
  readonly loader: Loader;
  readonly otc: DocumentServer;
}

const { signal } = new AbortController();
const log = pino({ level: "silent" });
const VIEWS = [tickets, comments, timesheets];
const REQUEST = {
  errorLimit: { kind: "default" },
  allowShrink: true,
  signal,
  onProgress: () => undefined,
  onOutcome: () => undefined,
} as const;

const entry = (day: number, fields: Fields = {}): Fields =>
  timesheet(`user${day % 4}`, {
    "TS-User Full Name": `User Number${day % 4}`,
    "TS-Date": `2025-05-${String(day).padStart(2, "0")}T00:00:00Z`,
    "TS-Crm ID": day % 6,
    ...fields,
  });
const note = (id: number, fields: Fields = {}): Fields =>
  comment(id, { "TKTCT-TicketID": id % 5, ...fields });
const without = (...days: readonly number[]): readonly Fields[] =>
  many(20, entry).filter((_, index) => !days.includes(index + 1));
const BAD = { "TKT-Due Date": "31.12.2026" };

/** What of an outcome does not depend on the moment or the database. */
function essence(outcomes: readonly LoadOutcome[]): readonly unknown[] {
  return outcomes.map((outcome) => {
    const { view, status, runId, fetched, inserted, updated, skipped, errors } = outcome;
    const more =
      outcome.status === "failed"
        ? { error: outcome.error.message }
        : {
            missing: outcome.missing,
            returned: outcome.returned,
            rekeyed: outcome.rekeyed,
            late: outcome.late,
          };
    return { view, status, runId, fetched, inserted, updated, skipped, errors, ...more };
  });
}

/** What OTC serves from now on; views that are left out stay as they were. */
function publish({ otc }: Site, documents: Readonly<Record<string, readonly Fields[]>>): void {
  for (const [view, records] of Object.entries(documents)) otc.documents.set(view, documentOf(records));
}

async function jobQueue({ loader }: Site): Promise<JobQueue> {
  const database = await loader.database();
  const queue = new JobQueue(database, () => undefined, await readJobsBackend(database));
  onTestFinished(() => queue.stop());
  await queue.start(VIEWS);
  return queue;
}

const PAGES = [
  "/",
  "/runs",
  "/runs/1",
  "/rejects",
  "/desk",
  "/desk/missing",
  "/desk/overlaps",
  "/api/status",
  "/api/runs",
  "/metrics",
];

/** Columns of reports that depend on the moment. */
const MOMENTS = new Set([
  "age",
  "age_days",
  "last_loaded",
  "oldest_age_days",
  "time_in_status",
  "seconds_in_status",
]);

async function reportRows({ database }: Site, from: string): Promise<readonly unknown[]> {
  const rows = await database.sql<Fields>(`select * from ${from}`);
  return rows
    .map((row) => JSON.stringify(Object.entries(row).filter(([column]) => !MOMENTS.has(column))))
    .sort();
}

/** Each begins where the one before has ended. What they return has to be the same on both databases. */
const ROADS: Readonly<Record<string, (site: Site) => Promise<unknown>>> = {
  "a first load of all views in one transaction": async (site) => {
    publish(site, {
      tickets: many(12, ticket),
      comments: many(14, (id) => note(id)),
      timesheets: many(20, (day) => entry(day)),
    });
    return essence(await loadViews(site.loader, VIEWS, { atomic: true }));
  },
  "a load of all views of which the last one fails": async (site) => {
    publish(site, { tickets: many(15, ticket), comments: many(16, (id) => note(id)), timesheets: [] });
    return essence(await loadViews(site.loader, VIEWS, { atomic: true }));
  },
  "a plan": async (site) => {
    const planned = await plan(site.loader, tickets, [
      ...many(13, ticket),
      ticket(3, { "TKT-Status": "Done" }),
    ]);
    const { fetched, inserted, updated, unchanged, duplicates, changes } = planned;
    return { fetched, inserted, updated, unchanged, duplicates, changes };
  },
  "an import of a file": async ({ loader }) => {
    const rows = [
      "comment_id,ticket_id,comment_text,created_time",
      "3,3,imported,2025-03-01T08:00:00Z",
      "99,2,new,2025-03-02",
    ];
    return essence([await importFile(loader, comments, await fileOf("comments.csv", rows.join("\n")))]);
  },
  "rejected records": async ({ loader }) => {
    const records = [
      ...many(12, ticket),
      ticket(20, BAD),
      ticket(21, BAD),
      ticket("?"),
      ticket(4, { "TKT-Team": "Moved" }),
    ];
    const outcome = await load(loader, tickets, records);
    return [essence([outcome]), await countRejects(await loader.database(), {})];
  },
  "a reload of rejected records": async ({ database, loader }) => {
    await database.sql(
      `update ${database.table("etl_rejects")} set raw_record = replace(raw_record, '31.12.2026', '2026-12-31')
       where record_key = 'TKT-Ticket ID=20'`,
    );
    const outcomes = await retryRejects(loader, await viewCatalog(), {}, REQUEST);
    return [essence(outcomes), await countRejects(await loader.database(), {})];
  },
  "rows that the database refuses": async ({ database, loader }) => {
    const table = database.table("timesheets");
    await database.sql(`alter table ${table} add constraint few check ("TS-Hours" < 20)`);
    const records = many(20, (day) =>
      entry(day, day % 7 === 0 ? { "TS-Hours": "30" } : { "TS-Hours": day % 3 }),
    );
    const outcome = essence([await load(loader, timesheets, records)]);
    await database.sql(`alter table ${table} drop constraint few`);
    return outcome;
  },
  "a load of the archived documents": async ({ loader }) => {
    const documents = await chooseDocuments(
      { kind: "latest" },
      loader.archive,
      await viewCatalog(),
      undefined,
    );
    return essence(await replayDocuments(loader, documents, process.stdin, { ...REQUEST, allowLate: true }));
  },
  "rows that are missing in two documents": async (site) => {
    const outcomes: LoadOutcome[] = [];
    publish(site, { timesheets: without(9, 10) });
    for (let count = 0; count < 2; count += 1) outcomes.push(...(await loadViews(site.loader, [timesheets])));
    return essence(outcomes);
  },
  "rows that the archive has and the table lacks": async ({ loader }) => {
    const found = await missingSinceArchive(loader, await viewCatalog(), timesheets, {
      ...REQUEST,
      samples: 5,
    });
    return found.map((outcome) =>
      outcome.status === "failed" ? outcome.error.message : outcome.missingRows,
    );
  },
  "`missing restore`": async ({ loader }) => {
    const database = await loader.database();
    const [row] = await readMissing(database, { action: "archived" }, 1);
    if (row === undefined) throw new Error("No row was archived.");
    const { missingId } = row;
    const { values } = await showMissing(database, missingId);
    const shown = Object.entries(values ?? {}).filter(
      ([column]) => column !== "etl_fingerprint" && column !== "deleted_at",
    );
    const { action } = await restoreMissing(database, missingId, { log, signal });
    return [shown, action];
  },
  "missing rows that come back": async (site) => {
    publish(site, { timesheets: many(20, (day) => entry(day)) });
    return essence(await loadViews(site.loader, [timesheets]));
  },
  "rows that get another key": async (site) => {
    publish(site, {
      timesheets: many(20, (day) => entry(day, day === 12 ? { "TS-Crm ID": 77 } : {})),
    });
    const first = await loadViews(site.loader, [timesheets]);
    return essence([...first, ...(await loadViews(site.loader, [timesheets]))]);
  },
  "`load --full` after somebody has changed rows": async ({ database, loader }) => {
    await database.sql(
      `update ${database.table("tickets")} set "TKT-Title" = 'wrong' where "TKT-Ticket ID" < 4`,
    );
    return essence([await load(loader, tickets, many(12, ticket), { full: true })]);
  },
  "the jobs of a worker": async (site) => {
    publish(site, { tickets: many(13, ticket), timesheets: many(20, (day) => entry(day)) });
    const { database, loader } = site;
    // A view that was loaded in this minute is not due.
    await database.sql(
      `update ${database.table("etl_metadata")}
       set load_start = load_start - interval '1 hour', load_end = load_end - interval '1 hour',
         last_load_time = last_load_time - interval '1 hour'`,
    );
    const queue = await jobQueue(site);
    const outcomes: LoadOutcome[] = [];
    const left = await workOnce({
      database: await loader.database(),
      queue,
      schedules: readSchedules(await viewCatalog(), readSettings({ OTC_SCHEDULE: "* * * * *" }), {}, {}),
      load: async (view) => {
        const [outcome] = await loadDocuments(loader, {
          ...REQUEST,
          views: [view],
          atomic: false,
          allowLate: true,
        });
        if (outcome === undefined) throw new Error("no outcome");
        outcomes.push(outcome);
        return outcome;
      },
      sendDueAlerts: () => Promise.resolve(),
      databaseWatch: new DatabaseWatch(() => Promise.resolve(true), 60_000),
      prune: async () => {
        await prune(loader, signal);
      },
      log,
      signal,
    });
    return [left, essence(outcomes), await queue.deadLetters()];
  },
  "a job that fails": async (site) => {
    publish(site, { tickets: [] });
    const queue = await jobQueue(site);
    const dueAt = new Date("2026-01-05T02:00:00Z");
    await queue.add(tickets, dueAt);
    const job = await queue.take(tickets, { ignoreBackOff: true });
    if (job === undefined) throw new Error("There is no job.");
    const [outcome] = await loadViews(site.loader, [tickets]);
    await queue.retryLater(job, { code: "guard", reason: "too few" });
    const again = await queue.take(tickets, { ignoreBackOff: true });
    await queue.giveUp(again ?? job, { code: "guard", reason: "too few" });
    const letters = await queue.deadLetters();
    return [essence([outcome!]), letters.map(({ view, attempts, reason }) => [view, attempts, reason])];
  },
  "`migrate` again": async ({ loader }) => [await migrate(loader, signal), await migrate(loader, signal)],
  "`doctor`": async ({ loader }) => {
    const checks = await checkDatabase(() => loader.database(), await viewCatalog());
    return checks.map(({ name, state }) => [name, state]);
  },
  "the reports": async (site) => {
    const { database } = site;
    const views = await database.sql<{ name: string }>(
      // The one that is left out helps other reports on Citus only.
      `select viewname as name from pg_views
       where schemaname = $1 and viewname <> 'v_users_and_candidates' order by 1`,
      [database.schema],
    );
    const calls = [
      ...views.map(({ name }) => database.table(name)),
      `${database.table("get_team_backlog")}('Network')`,
      `${database.table("get_user_workload")}('User Number1')`,
      `${database.table("get_short_username")}('User Number1')`,
    ];
    const found: unknown[] = [];
    for (const call of calls) found.push([call.split(".")[1], await reportRows(site, call)]);
    return found;
  },
  "the pages": async ({ loader }) => {
    const site = await serve({}, { database: await loader.database() });
    const statuses: unknown[] = [];
    for (const path of PAGES) statuses.push([path, (await site.ask(path)).status]);
    const status = JSON.parse((await site.ask("/api/status")).body) as Record<string, unknown>[];
    return [
      statuses,
      status.map(({ view, state, rows, rejects, failuresInRow }) => ({
        view,
        state,
        rows,
        rejects,
        failuresInRow,
      })),
    ];
  },
};

/** Messages of the servers name shards and partitions, and contain the fingerprints of refused rows. */
async function comparableContents(database: DatabaseUnderTest): Promise<unknown> {
  const contents = JSON.stringify(await tableContents(database));
  return JSON.parse(
    contents
      .replaceAll(/(_1\d{5}|_\d{4}_\d{2})(?=\\)/g, "")
      .replaceAll(/\w{8}(-\w{4}){3}-\w{12}/g, "fingerprint"),
  );
}

export async function openSite(database: DatabaseUnderTest, otc: DocumentServer): Promise<Site> {
  const loader = database.open({
    ...otc.env,
    OTC_ARCHIVE_DIR: await temporaryFolder(),
    OTC_HISTORY_COLUMNS: "ticket_id,comment_text,TKT-Status,TS-Hours",
  });
  await loader.database();
  return { database, loader, otc };
}

/** Takes every road on both, and expects the same rows, counts and pages after each. */
export async function expectSameRoads(one: Site, other: Site): Promise<void> {
  for (const [name, road] of Object.entries(ROADS)) {
    expect.soft({ name, result: await road(one) }).toEqual({ name, result: await road(other) });
    const [rows, otherRows] = [
      await comparableContents(one.database),
      await comparableContents(other.database),
    ];
    expect.soft({ name, rows }).toEqual({ name, rows: otherRows });
  }
}

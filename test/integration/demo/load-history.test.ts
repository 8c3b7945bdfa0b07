import { cpSync } from "node:fs";
import { rm } from "node:fs/promises";
import { pino } from "pino";
import { expect, inject, onTestFinished, test } from "vitest";
import { openDemoDesk } from "../../../src/demo/demo-desk.ts";
import { loadHistory } from "../../../src/demo/load-history.ts";
import { scratchFolder } from "../../support/scratch-folder.ts";

/** On the night before, OTC had no tickets and no comments, and its timesheets had bad values: see `nights.ts`. */
const NOW = new Date("2026-06-12T12:00:00Z");

test("a history continues after the last run, and is recorded with the dates of its nights", async () => {
  const directory = await scratchFolder();
  cpSync(inject("embedded").migrated, directory, { recursive: true });
  const { signal } = new AbortController();
  const desk = await openDemoDesk({
    directory,
    scale: { tickets: 60, comments: 40, timesheets: 50 },
    log: pino({ level: "silent" }),
    signal,
    onProgress: () => undefined,
  });
  onTestFinished(async () => {
    await desk.close();
    await rm(directory, { recursive: true });
  });
  const database = await desk.loader.database();
  await database.query(
    `insert into servicedesk.etl_metadata (view_name, load_status, load_start, source, host, pid, otc_etl_version)
     values ('tickets', 'failed', '2026-06-10 02:00Z', 'OTC', 'host', 1, '0')`,
  );
  const seen: number[] = [];
  expect(await loadHistory(desk, NOW, signal, ({ done }) => seen.push(done))).toBe(2);
  expect(seen).toEqual([0, 1]);

  const { rows } = await database.query(
    `select to_char(load_start at time zone 'UTC', 'MM-DD HH24:MI') as night, view_name as view, load_status as status
     from servicedesk.etl_metadata where run_id > 1 order by run_id`,
  );
  const night = (date: string, ...statuses: readonly string[]) =>
    ["tickets", "comments", "timesheets"].map((view, index) => ({
      night: `${date} 02:00`,
      view,
      status: statuses[index],
    }));
  expect(rows).toEqual([
    ...night("06-11", "failed", "failed", "partial"),
    ...night("06-12", "success", "success", "success"),
  ]);

  const late = await database.query<{ late: number }>(
    `select (select count(*) from servicedesk.etl_metadata where greatest(load_end, last_load_time) > $1)
       + (select count(*) from servicedesk.etl_rejects where rejected_at > $1)
       + (select count(*) from servicedesk.etl_requests where answered_at > $1)
       + (select count(*) from servicedesk.ticket_history where changed_at > $1) as late`,
    [NOW],
  );
  expect(late.rows).toEqual([{ late: 0 }]);
  expect(await loadHistory(desk, NOW, signal, () => undefined)).toBe(0);
});

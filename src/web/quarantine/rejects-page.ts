import { html } from "hono/html";
import {
  countRejects,
  isBroadSearch,
  MOST_FOUND,
  type RejectCount,
  readRejects,
  type RejectSummary,
} from "../../runs/rejects/read-rejects.ts";
import type { RejectFilter } from "../../runs/rejects/reject-filter.ts";
import { orUnknown } from "../page/facts.ts";
import type { Page, PageRequest } from "../page/page.ts";
import { renderPager } from "../page/pager.ts";
import { addressOf, anyText, fieldOf, idFieldOf, idText } from "../page/query.ts";
import { type Column, renderTable } from "../page/table.ts";
import { renderTime } from "../page/time.ts";
import { formatCount } from "../../format/format.ts";
import { renderRejectCounts } from "./reject-counts.ts";
import { renderRejectForm } from "./reject-form.ts";

const RECORDS_LISTED = 50;

const COLUMNS: readonly Column<RejectSummary>[] = [
  {
    title: "record",
    numeric: true,
    rowHeader: true,
    cell: ({ rejectId }) => html`<a href="/rejects/${rejectId}">${rejectId}</a>`,
  },
  { title: "view", cell: ({ view }) => view },
  { title: "run", numeric: true, cell: ({ runId }) => html`<a href="/runs/${runId}">${runId}</a>` },
  { title: "key", cell: ({ key }) => orUnknown(key, (text) => text) },
  { title: "field", cell: ({ field }) => orUnknown(field, (text) => text) },
  { title: "reason", cell: ({ reason, message }) => html`${reason}<br /><small>${message}</small>` },
  { title: "since", cell: ({ rejectedAt }) => renderTime(rejectedAt) },
  { title: "runs", numeric: true, cell: ({ timesSeen }) => formatCount(timesSeen) },
];

/** The quarantine: the number of records per reason, then the records, newest first. The fields of the form are its query. */
export const rejectsPage: Page = {
  path: "/rejects",
  navigation: "Quarantine",
  parameters: { view: anyText, reason: anyText, run: idText, key: anyText, before: idText },
  content: async (request) => {
    const { database, views } = request;
    const filter = filterOf(request);
    const fields = { view: filter.view, reason: filter.reason, run: filter.runId, key: filter.key };
    const before = idFieldOf(request, "before");
    if (await isBroadSearch(database, filter)) {
      return {
        title: "Quarantine",
        lead: html`More than ${formatCount(MOST_FOUND)} records match, so they are neither counted nor listed.
        Add a word of the key, or choose a view, a reason or a run.`,
        body: renderRejectForm(views, [], fields),
      };
    }
    const counts = await countRejects(database, filter);
    const found = await readRejects(database, filter, RECORDS_LISTED + 1, before);
    const records = found.slice(0, RECORDS_LISTED);
    const older = found.length > RECORDS_LISTED ? records.at(-1)?.rejectId : undefined;
    return {
      title: "Quarantine",
      lead: html`${formatCount(total(counts))} records that could not be loaded.
        <code>otc-etl rejects retry</code> loads them again, <code>otc-etl rejects clear</code> removes them.`,
      body: html`${renderRejectForm(views, counts, fields)}
      ${renderRejectCounts("By reason", counts, { run: filter.runId, key: filter.key })}
      ${counts.length === 0 ? "" : renderTable("Records, newest first", COLUMNS, records, "There are no older ones.")}
      ${renderPager(
        "Pages of records",
        older === undefined ? undefined : addressOf("/rejects", { ...fields, before: older }),
        before === undefined ? undefined : addressOf("/rejects", fields),
      )}`,
    };
  },
};

function filterOf(request: PageRequest): RejectFilter {
  const view = fieldOf(request, "view");
  const reason = fieldOf(request, "reason");
  const runId = idFieldOf(request, "run");
  const key = fieldOf(request, "key");
  return {
    ...(view === undefined ? {} : { view }),
    ...(reason === undefined ? {} : { reason }),
    ...(runId === undefined ? {} : { runId }),
    ...(key === undefined ? {} : { key }),
  };
}

function total(counts: readonly RejectCount[]): number {
  return counts.reduce((sum, { records }) => sum + records, 0);
}

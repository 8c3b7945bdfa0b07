import { html } from "hono/html";
import {
  isBroadSearch,
  MOST_FOUND,
  type RejectCount,
  readRejectGroups,
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
import { formatCount, formatNumberOf } from "../../format/format.ts";
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
  parameters: { view: anyText, reason: anyText, field: anyText, run: idText, key: anyText, before: idText },
  content: async (request) => {
    const { database, views } = request;
    const filter = filterOf(request);
    const { view, reason, field, runId: run, key } = filter;
    const fields = { view, reason, field, run, key };
    const before = idFieldOf(request, "before");
    if (await isBroadSearch(database, filter)) {
      return {
        title: "Quarantine",
        lead: html`More than ${formatCount(MOST_FOUND)} records match, so they are neither counted nor listed.
        Add a word of the key, or choose a view, a reason or a run.`,
        body: renderRejectForm({ views, reasons: [], fields: [] }, fields),
      };
    }
    // All reasons and fields are offered, whichever is chosen.
    const groups = await readRejectGroups(database, withoutReason(filter));
    const shown = groups.filter(
      (group) =>
        (reason === undefined || group.reason === reason) && (field === undefined || group.field === field),
    );
    const matching = total(shown);
    const found =
      matching === 0 ? [] : await readRejects(database, filter, RECORDS_LISTED + 1, { before, matching });
    const records = found.slice(0, RECORDS_LISTED);
    const older = found.length > RECORDS_LISTED ? records.at(-1)?.rejectId : undefined;
    const choices = {
      views,
      reasons: distinct(groups.map((group) => group.reason)),
      fields: distinct(groups.flatMap((group) => group.field ?? [])),
    };
    const isFiltered = Object.values(fields).some((value) => value !== undefined);
    return {
      title: "Quarantine",
      lead:
        shown.length === 0
          ? ""
          : html`${formatNumberOf(matching, "record")} that could not be loaded.
              <code>otc-etl rejects retry</code> loads them again, <code>otc-etl rejects clear</code> removes
              them.`,
      body: html`${renderRejectForm(choices, fields)}
      ${
        shown.length === 0 && isFiltered
          ? html`<p class="empty">
              No record in quarantine matches. <a href="/rejects">All records in quarantine</a>
            </p>`
          : renderRejectCounts("By reason", shown, { run, key })
      }
      ${shown.length === 0 ? "" : renderTable("Records, newest first", COLUMNS, records, "There are no older ones.")}
      ${renderPager(
        "Pages of records",
        older === undefined ? undefined : addressOf("/rejects", { ...fields, before: older }),
        before === undefined ? undefined : addressOf("/rejects", fields),
      )}`,
    };
  },
};

function withoutReason({ view, runId, key }: RejectFilter): RejectFilter {
  return {
    ...(view === undefined ? {} : { view }),
    ...(runId === undefined ? {} : { runId }),
    ...(key === undefined ? {} : { key }),
  };
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].sort();
}

function filterOf(request: PageRequest): RejectFilter {
  const view = fieldOf(request, "view");
  const reason = fieldOf(request, "reason");
  const field = fieldOf(request, "field");
  const runId = idFieldOf(request, "run");
  const key = fieldOf(request, "key");
  return {
    ...(view === undefined ? {} : { view }),
    ...(reason === undefined ? {} : { reason }),
    ...(field === undefined ? {} : { field }),
    ...(runId === undefined ? {} : { runId }),
    ...(key === undefined ? {} : { key }),
  };
}

function total(counts: readonly RejectCount[]): number {
  return counts.reduce((sum, { records }) => sum + records, 0);
}

import { html } from "hono/html";
import { formatCount } from "../../format/format.ts";
import type { RejectCount, RejectGroup } from "../../runs/rejects/read-rejects.ts";
import { orUnknown } from "../page/facts.ts";
import type { Html } from "../page/page.ts";
import { addressOf } from "../page/query.ts";
import { type Column, renderTable } from "../page/table.ts";

/** A group of rejected records, perhaps with one of them as a sample. */
type ShownGroup = RejectCount & Partial<Pick<RejectGroup, "sampleId" | "sample">>;

/**
 * The number of rejected records per reason and field, with a link to them and a sample if there is one.
 *
 * @param fields the fields of the query that the links keep
 */
export function renderRejectCounts(
  caption: string,
  groups: readonly ShownGroup[],
  fields: Readonly<Record<string, string | number | undefined>>,
): Html {
  const columns: Column<ShownGroup>[] = [
    {
      title: "reason",
      rowHeader: true,
      cell: ({ view, reason, field }) =>
        html`<a href="${addressOf("/rejects", { ...fields, view, reason, field: field ?? undefined })}"
          >${reason}</a
        >`,
    },
    { title: "view", cell: ({ view }) => view },
    { title: "field", cell: ({ field }) => orUnknown(field, (name) => name) },
    { title: "records", numeric: true, cell: ({ records }) => formatCount(records) },
  ];
  if (groups.some(({ sampleId }) => sampleId !== undefined)) {
    columns.push({
      title: "for example",
      cell: ({ sampleId, sample = "" }) =>
        sampleId === undefined ? "" : html`<a href="/rejects/${sampleId}">${shortened(sample)}</a>`,
    });
  }
  return renderTable(caption, columns, groups, "No record is in quarantine.");
}

/** In characters; the page of the record has all of it. */
const LONGEST_SAMPLE = 60;

function shortened(sample: string): string {
  return sample.length > LONGEST_SAMPLE ? `${sample.slice(0, LONGEST_SAMPLE)}…` : sample;
}

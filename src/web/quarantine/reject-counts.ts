import { html } from "hono/html";
import { formatCount } from "../../format/format.ts";
import type { RejectCount } from "../../runs/rejects/read-rejects.ts";
import { orUnknown } from "../page/facts.ts";
import type { Html } from "../page/page.ts";
import { addressOf } from "../page/query.ts";
import { renderTable } from "../page/table.ts";

/**
 * The number of rejected records per reason, with a link to them.
 *
 * @param fields the fields of the query that the links keep
 */
export function renderRejectCounts(
  caption: string,
  counts: readonly RejectCount[],
  fields: Readonly<Record<string, string | number | undefined>>,
): Html {
  return renderTable(
    caption,
    [
      {
        title: "reason",
        rowHeader: true,
        cell: ({ view, reason }) =>
          html`<a href="${addressOf("/rejects", { ...fields, view, reason })}">${reason}</a>`,
      },
      { title: "view", cell: ({ view }) => view },
      { title: "field", cell: ({ field }) => orUnknown(field, (name) => name) },
      { title: "records", numeric: true, cell: ({ records }) => formatCount(records) },
    ],
    counts,
    "No record is in quarantine.",
  );
}

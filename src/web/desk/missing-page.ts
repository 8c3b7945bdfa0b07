import { formatNumberOf } from "../../format/format.ts";
import { html } from "hono/html";
import {
  countMissing,
  type MissingFilter,
  type MissingRow,
  readMissing,
} from "../../runs/queries/read-missing.ts";
import { orUnknown, UNKNOWN } from "../page/facts.ts";
import type { Html, Page } from "../page/page.ts";
import { renderPager } from "../page/pager.ts";
import { addressOf, fieldOf, idFieldOf, idText } from "../page/query.ts";
import { type Column, renderTable } from "../page/table.ts";
import { renderTime } from "../page/time.ts";
import { dayIn } from "./weeks.ts";

const PATH = "/desk/missing";
const ROWS_LISTED = 50;

/** What the parameter `reason` becomes that names no list. */
const NO_LIST = "none";

type Reason = NonNullable<MissingRow["reason"]>;

/** Why a timesheet is on record: the name of the list, and what its rows are. */
const LISTS: Readonly<Record<Reason, { readonly title: string; readonly are: string }>> = {
  missing: { title: "Missing timesheets", are: "that OTC no longer sends" },
  rekeyed: { title: "Re-keyed timesheets", are: "that OTC sends with another key" },
};

/** The parts of the key of a timesheet. */
const KEY: readonly (readonly [title: string, field: string])[] = [
  ["user", "TS-User Username"],
  ["day", "TS-Date"],
  ["from", "TS-Time From"],
  ["ticket", "TS-Crm ID"],
];

/** Timesheets that are on record as missing or re-keyed. What `missing restore` has brought back is not among them. */
export function missingTimesheets(reason?: Reason): MissingFilter {
  return { view: "timesheets", excluding: "restored", ...(reason === undefined ? {} : { reason }) };
}

/** The address of the list. */
export function missingAddress(reason: Reason): string {
  return addressOf(PATH, { reason });
}

function reasonOf(text: string | undefined): Reason | undefined {
  return text === "missing" || text === "rekeyed" ? text : undefined;
}

/** The timesheets that OTC no longer sends, or sends with another key, newest first. */
export const missingPage: Page = {
  path: PATH,
  parameters: { reason: (text) => reasonOf(text) ?? NO_LIST, before: idText },

  async content(request) {
    const { database, settings } = request;
    if (fieldOf(request, "reason") === NO_LIST) {
      return {
        title: LISTS.missing.title,
        status: 404,
        body: html`<ul class="problems">
            <li>There is no such list.</li>
          </ul>
          <p>
            <a href="${missingAddress("missing")}">${LISTS.missing.title}</a> ·
            <a href="${missingAddress("rekeyed")}">${LISTS.rekeyed.title}</a>
          </p>`,
      };
    }
    const reason = reasonOf(fieldOf(request, "reason")) ?? "missing";
    const before = idFieldOf(request, "before");
    const filter = missingTimesheets(reason);
    const found = await readMissing(database, filter, ROWS_LISTED + 1, before);
    const rows = found.slice(0, ROWS_LISTED);
    const older = found.length > ROWS_LISTED ? rows.at(-1)?.missingId : undefined;
    const all = (await countMissing(database, filter)).reduce((sum, count) => sum + count.rows, 0);
    const { title, are } = LISTS[reason];
    const other = reason === "missing" ? "rekeyed" : "missing";
    return {
      title,
      lead: html`${formatNumberOf(all, "timesheet")} ${are}. <code>otc-etl missing show</code> shows the
        values of a row, <code>otc-etl missing restore</code> brings it back.`,
      body: html`<p>
          <a href="/desk">Service desk</a> · <a href="${missingAddress(other)}">${LISTS[other].title}</a>
        </p>
        ${renderTable("Rows, newest first", columnsOf(reason, settings.timezone), rows, "There are no such timesheets.")}
        ${renderPager(
          "Pages of rows",
          older === undefined ? undefined : addressOf(PATH, { reason, before: older }),
          before === undefined ? undefined : missingAddress(reason),
        )}`,
    };
  },
};

function columnsOf(reason: Reason, timeZone: string): readonly Column<MissingRow>[] {
  return [
    {
      title: "row",
      numeric: true,
      rowHeader: true,
      cell: ({ missingId }) => String(missingId),
    },
    ...KEY.map(([title, field]): Column<MissingRow> => ({
      title,
      cell: ({ key }) => partText(key[field], field, timeZone),
    })),
    ...(reason === "rekeyed"
      ? [{ title: "sent as", cell: (row: MissingRow) => changesText(row, timeZone) }]
      : []),
    {
      title: "run",
      numeric: true,
      cell: ({ missingRunId }) => orUnknown(missingRunId, renderRun),
    },
    { title: "found", cell: ({ missingAt }) => orUnknown(missingAt, renderTime) },
    {
      title: "done",
      cell: ({ action, problem }) =>
        html`${action ?? UNKNOWN}${problem === null ? "" : html`<br /><small>${problem}</small>`}`,
    },
  ];
}

function renderRun(runId: number): Html {
  return html`<a href="/runs/${runId}">${runId}</a>`;
}

/** The parts of the key that have changed. */
function changesText({ key, newKey }: MissingRow, timeZone: string): string {
  const changes = KEY.filter(([, field]) => newKey !== null && newKey[field] !== key[field]).map(
    ([title, field]) => `${title} ${partText(newKey?.[field], field, timeZone)}`,
  );
  return changes.length === 0 ? UNKNOWN : changes.join(", ");
}

/** One part of a key; internal time has neither a start nor a ticket. */
function partText(value: unknown, field: string, timeZone: string): string {
  if (value === null || value === undefined) return UNKNOWN;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const day = field === "TS-Date" ? new Date(text) : undefined;
  // A day that PostgreSQL can store and JavaScript cannot stays as it is.
  return day === undefined || Number.isNaN(day.getTime()) ? text : dayIn(timeZone, day);
}

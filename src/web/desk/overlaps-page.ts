import { html } from "hono/html";
import type { Page } from "../page/page.ts";
import { type Column, renderTable } from "../page/table.ts";
import { readAsOf } from "./desk-data.ts";
import { deskFilterOf } from "./desk-filter.ts";
import { formatHours, type Overlap, readOverlaps } from "./overlaps.ts";

const PAIRS_LISTED = 500;

/** The pairs of timesheets whose times overlap. */
export const overlapsPage: Page = {
  path: "/desk/overlaps",

  async content(request) {
    const { database, settings } = request;
    const { weeks } = deskFilterOf(request);
    const asOf = await readAsOf(database);
    const found = asOf === undefined ? [] : await readOverlaps(database, asOf, weeks, PAIRS_LISTED + 1);
    const overlaps = found.slice(0, PAIRS_LISTED);
    return {
      title: "Overlapping timesheets",
      lead: html`Pairs of timesheets of one user whose times overlap, in the last ${weeks} weeks. The database
        view <code>v_timesheet_overlaps</code> has all of
        them${found.length > PAIRS_LISTED ? `; these are the newest ${PAIRS_LISTED}` : ""}.`,
      body: html`<p><a href="/desk?weeks=${weeks}">Service desk</a></p>
        ${renderTable("Pairs, newest first", columnsIn(settings.timezone), overlaps, "No times overlap.")}`,
    };
  },
};

function columnsIn(timeZone: string): readonly Column<Overlap>[] {
  const days = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short" });
  const ticket = (id: number | null): string => (id === null ? "internal" : `ticket ${id}`);
  return [
    { title: "user", rowHeader: true, cell: ({ username }) => username },
    { title: "day", cell: ({ day }) => days.format(day) },
    {
      title: "entry",
      cell: ({ timeFrom, timeTo, ticketId }) => `${timeFrom} to ${timeTo}, ${ticket(ticketId)}`,
    },
    {
      title: "overlaps with",
      cell: ({ day, otherDay, otherTimeFrom, otherTimeTo, otherTicketId }) =>
        `${otherTimeFrom} to ${otherTimeTo}${otherDay > day ? " of the next day" : ""}, ${ticket(otherTicketId)}`,
    },
    { title: "hours", numeric: true, cell: ({ overlapHours }) => formatHours(overlapHours) },
  ];
}

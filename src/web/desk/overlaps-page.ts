import { html } from "hono/html";
import type { Page } from "../page/page.ts";
import { renderPager } from "../page/pager.ts";
import { addressOf, idFieldOf, idText } from "../page/query.ts";
import { type Column, renderTable } from "../page/table.ts";
import { readAsOf } from "./desk-data.ts";
import { deskFilterOf, PERIODS, periodProblem, periodText } from "./desk-filter.ts";
import { formatHours, type Overlap, readOverlaps } from "./overlaps.ts";
import { dayIn } from "./weeks.ts";

const PATH = "/desk/overlaps";
const TITLE = "Overlapping timesheets";
const PAIRS_LISTED = 100;

/** The largest page; those before it are counted through. */
const LAST_PAGE = 1000;

/** The pairs of timesheets whose times overlap. */
export const overlapsPage: Page = {
  path: PATH,
  parameters: { weeks: periodText, page: idText },

  async content(request) {
    const { database, settings } = request;
    const problem = periodProblem(request);
    if (problem !== undefined) {
      return {
        title: TITLE,
        status: 404,
        body: html`<ul class="problems">
            <li>${problem}</li>
          </ul>
          <p>
            ${PERIODS.map((period) => html`<a href="${addressOf(PATH, { weeks: period })}">last ${period} weeks</a> `)}
          </p>`,
      };
    }
    const { weeks } = deskFilterOf(request);
    const asOf = await readAsOf(database);
    const page = Math.max(1, Math.min(LAST_PAGE, idFieldOf(request, "page") ?? 1));
    const skip = (page - 1) * PAIRS_LISTED;
    const found =
      asOf === undefined ? [] : await readOverlaps(database, asOf, { weeks, skip, limit: PAIRS_LISTED + 1 });
    const overlaps = found.slice(0, PAIRS_LISTED);
    return {
      title: TITLE,
      lead: html`Pairs of timesheets of one user whose times overlap, in the last ${weeks} weeks. The database
        view <code>v_timesheet_overlaps</code> has those of all weeks.`,
      body: html`<p><a href="/desk?weeks=${weeks}">Service desk</a></p>
        ${renderTable("Pairs, newest first", columnsIn(settings.timezone), overlaps, "No times overlap.")}
        ${renderPager(
          "Pages of pairs",
          found.length > PAIRS_LISTED ? addressOf(PATH, { weeks, page: page + 1 }) : undefined,
          page === 1 ? undefined : addressOf(PATH, { weeks }),
        )}`,
    };
  },
};

function columnsIn(timeZone: string): readonly Column<Overlap>[] {
  const ticket = (id: number | null): string => (id === null ? "internal" : `ticket ${id}`);
  return [
    { title: "user", rowHeader: true, cell: ({ username }) => username },
    { title: "day", cell: ({ day }) => dayIn(timeZone, day) },
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

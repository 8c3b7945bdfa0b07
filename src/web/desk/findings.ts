import { html } from "hono/html";
import { formatNumberOf } from "../../format/format.ts";
import type { MissingCount } from "../../runs/queries/read-missing.ts";
import type { Html } from "../page/page.ts";
import type { DeskData } from "./desk-data.ts";
import { missingAddress } from "./missing-page.ts";
import { formatHours, type OverlapTotal } from "./overlaps.ts";

/** What is odd about the timesheets of all teams: times that overlap, entries that OTC no longer sends or whose key changed. */
export function renderFindings(
  { pairs, hours }: OverlapTotal,
  missing: readonly MissingCount[],
  { filter }: DeskData,
): Html {
  const rows = (reason: MissingCount["reason"]): number =>
    missing.filter((count) => count.reason === reason).reduce((sum, count) => sum + count.rows, 0);
  const [gone, rekeyed] = [rows("missing"), rows("rekeyed")];
  return html`<ul class="plain">
    <li>${renderOverlaps(pairs, hours, filter.weeks)}</li>
    <li>
      ${
        gone + rekeyed === 0
          ? html`<span class="muted">No timesheet is on record that OTC no longer sends.</span>`
          : html`<a href="${missingAddress("missing")}">${formatNumberOf(gone, "timesheet")}</a> that OTC no
              longer sends, and
              <a href="${missingAddress("rekeyed")}">${formatNumberOf(rekeyed, "timesheet")}</a> that came
              with another key.`
      }
    </li>
  </ul>`;
}

function renderOverlaps(pairs: number, hours: number, weeks: number): Html {
  if (pairs === 0) {
    return html`<span class="muted">No times overlap in the timesheets of the last ${weeks} weeks.</span>`;
  }
  return html`<a href="/desk/overlaps?weeks=${weeks}"
      >${formatNumberOf(pairs, "pair of timesheets overlaps", "pairs of timesheets overlap")}</a
    >
    in the last ${weeks} weeks: ${formatHours(hours)} hours are booked twice.`;
}

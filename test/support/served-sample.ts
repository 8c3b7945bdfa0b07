import type { Loader } from "../../src/loader/loader.ts";
import tickets from "../../src/views/definitions/tickets.ts";
import timesheets from "../../src/views/definitions/timesheets.ts";
import { attemptLoad, failingLoad, type Fields, load } from "./load-records.ts";
import { many, ticket, timesheet } from "./sample-records.ts";

/** What would be an element, and would run, on a page that does not escape it. */
export const HOSTILE = `<img src=x onerror=alert(1)><script>alert("x")</script>`;

/** Tickets whose texts are hostile, in the row and in quarantine: with a bad date and a field of no view. */
const TICKETS: readonly Fields[] = [
  ...many(60, (id) =>
    ticket(id, { "TKT-Title": HOSTILE, "TKT-Team": `Team ${HOSTILE}`, [`TKT-${HOSTILE}`]: HOSTILE }),
  ),
  ...many(60, (id) => ticket(`${id} ${HOSTILE}`)),
];

/** What a site has after some nights: committed runs, records in quarantine, a failed run, hostile texts everywhere. */
export async function loadSample(loader: Loader): Promise<void> {
  await attemptLoad(loader, tickets, TICKETS, { maxErrors: "100" });
  await load(loader, timesheets, [timesheet("ann"), timesheet(HOSTILE)]);
  await failingLoad(loader, timesheets, `<html>${HOSTILE}`);
}

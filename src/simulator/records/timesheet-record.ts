import { clockText, DAY_SECONDS, dateText, instantText } from "../calendar.ts";
import { changesBefore, changeTimes } from "./change-times.ts";
import { ACCOUNTS } from "../texts/desk-catalogue.ts";
import { RecordRandom } from "./record-random.ts";
import type { ServedWindow, ServedWindows } from "../served-window.ts";
import { drawDetails } from "../texts/text-details.ts";
import { ticketId } from "./ticket-id.ts";
import { timesheetSlot, type TimesheetSlot } from "./timesheet-slot.ts";
import { noteText, workText } from "../texts/timesheet-texts.ts";

const INTERNAL_SHARE = 0.12;
const SUB_CATEGORIES = ["Incident", "Service Request", "Change", "Enhancement", "Consulting"];
const TYPES = ["Normal", "Normal", "Normal", "Overtime", "On call", "Travel"];

/** The timesheet as the view shows it on `day`. */
export function timesheetRecord(seed: number, windows: ServedWindows, ordinal: number, day: number) {
  const window = windows.timesheets;
  const random = new RecordRandom(seed, "timesheet", ordinal);
  const slot = timesheetSlot(seed, window, ordinal);
  const internal = random.chance(INTERNAL_SHARE);
  const ticket = internal ? null : ticketId(workedTicket(windows.tickets, slot, random));
  const quarters = 1 + random.below(8);
  const start = startMinute(slot, internal, random);
  const account = random.pick(ACCOUNTS);
  const details = drawDetails(random);
  const booked = slot.arrivalDay * DAY_SECONDS + 16 * 3600 + random.below(6 * 3600);
  // 2 or 3 changes in 18 months: about 0.5 % of the timesheets change from one day to the next.
  const times = changeTimes(random, booked, window.days * DAY_SECONDS, random.chance(0.75) ? 3 : 2);
  const step = changesBefore(times, (day + 1) * DAY_SECONDS);
  const approved = step >= (random.chance(0.85) ? 1 : 2);
  const worked = correctedQuarters(seed, ordinal, quarters, step);
  const code = random.below(90) + 10;

  return {
    "TS-User Username": slot.user.userName,
    "TS-User Full Name": slot.user.fullName,
    "TS-Date": dateText(slot.workDay),
    "TS-Time From": start === null ? null : clockText(start),
    "TS-Time To": start === null ? null : clockText(start + worked * 15),
    "TS-Hours": hours(worked, random),
    "TS-Category": internal ? "Internal" : "Client Work",
    "TS-Sub Category": internal ? "" : random.pick(SUB_CATEGORIES),
    "TS-Type": random.pick(TYPES),
    "TS-Crm ID": ticket !== null && random.chance(0.02) ? String(ticket) : ticket,
    "TS-Ticket Project Master Code": internal ? null : `PC-${String(code)}`,
    "TS-Description": workText(random, details, internal),
    "TS-Notes": noteText(random, details),
    "TS-Account Name": account.name,
    "TS-Account Selcom": random.chance(0.5) ? undefined : `SC${String(account.id)}`,
    "TS-Costcentre": `CC-${String(4000 + (account.id % 100))}`,
    "TS-Charge Code": `CHG-${String(account.id)}`,
    "TS-Client Bill Code": internal ? "" : `BC/${String(code)}/${random.pick(["T&M", "FIX"])}`,
    "TS-Billable": !internal && random.chance(0.8),
    "TS-Approved": approved,
    "TS-Modified Time": instantText(times[step - 1] ?? booked, " ", ""),
  };
}

/**
 * `null` for internal time of a whole day, at most once a user and day. Now and then the second entry starts with the
 * first, so that only the ticket tells them apart.
 */
function startMinute(slot: TimesheetSlot, internal: boolean, random: RecordRandom): number | null {
  const draw = random.fraction();
  if (slot.entry === 0 && internal && draw < 0.4) return null;
  if (slot.entry === 1 && !internal && draw < 0.05) return slot.startMinute - 120;
  // Both stay within the entry's own half hour.
  return slot.startMinute + (draw < 0.7 ? 0 : 15);
}

/** A ticket of the last six years; even for even entries, so that entries which start together never name the same. */
function workedTicket(tickets: ServedWindow, slot: TimesheetSlot, random: RecordRandom): number {
  const newest = tickets.firstArrival(slot.arrivalDay) - 1;
  const back = random.fraction();
  const ordinal = newest - 2 - Math.floor(2 * tickets.count * back * back);
  return ordinal - (ordinal & 1) + (slot.entry & 1);
}

function correctedQuarters(seed: number, ordinal: number, quarters: number, step: number): number {
  if (step < 2) return quarters;
  return 1 + ((quarters + new RecordRandom(seed, "timesheetChange", ordinal, step).below(4)) % 8);
}

/** Mostly a number; a few clients send text, with a point or a comma. */
function hours(quarters: number, random: RecordRandom): number | string {
  const draw = random.fraction();
  if (draw > 0.03) return quarters / 4;
  return draw > 0.01 ? (quarters / 4).toFixed(2) : String(quarters / 4).replace(".", ",");
}

import { DAY_SECONDS, dayFirstText, instantText } from "../calendar.ts";
import { changesBefore, changeTimes } from "./change-times.ts";
import {
  ACCOUNTS,
  CATEGORIES,
  GROUPS,
  PLATFORMS,
  RESOLUTION_TYPES,
  ROOT_CAUSES,
  SEVERITIES,
  SOURCES,
  TEAMS,
} from "../texts/desk-catalogue.ts";
import { RecordRandom } from "./record-random.ts";
import type { ServedWindow } from "../served-window.ts";
import { staffMember } from "../texts/staff.ts";
import { drawDetails } from "../texts/text-details.ts";
import { ticketId } from "./ticket-id.ts";
import { solutionText, ticketText } from "../texts/ticket-texts.ts";

const AGENTS = 320;

/** With 10 to 13 changes in the window's three years, about 1 % of the tickets change from one day to the next. */
const FEWEST_CHANGES = 10;

/** Which change resolves a ticket; the next one closes it. Late ones are the desk's backlog. */
const RESOLVING_CHANGES = [1, 1, 2, 2, 2, 3, 3, 4, 5, 8];

/** The ticket as the view shows it on `day`. */
export function ticketRecord(seed: number, window: ServedWindow, ordinal: number, day: number) {
  const random = new RecordRandom(seed, "ticket", ordinal);
  const created = creationInstant(window, ordinal, random);
  const severity = random.pick(SEVERITIES);
  const account = random.pick(ACCOUNTS);
  const creator = staffMember(AGENTS + random.below(AGENTS));
  const details = drawDetails(random);
  const { title, description } = ticketText(random, details);
  const resolving = random.pick(RESOLVING_CHANGES);
  const cancelled = random.chance(0.03);
  const solution = solutionText(random, details);
  const resolutionType = random.pick(RESOLUTION_TYPES);
  const unresolvedType = random.chance(0.5) ? null : undefined;
  const writesInstant = instantStyle(random);
  const times = changeTimes(random, created, window.days * DAY_SECONDS, FEWEST_CHANGES + random.below(4));
  const step = changesBefore(times, (day + 1) * DAY_SECONDS);

  const timeOf = (change: number): number => times[change - 1] ?? created;
  const optionalInstant = (change: number): string | null =>
    step < change ? null : writesInstant(timeOf(change));
  const resolved = step >= resolving;
  const responded = step >= 1;
  const response = Math.min(timeOf(1), created + 60 * (3 + random.below(2 * severity.responseMinutes)));
  const due = created + severity.resolutionHours * 3600;
  const responseMet = response <= created + severity.responseMinutes * 60;
  const resolutionMet = timeOf(resolving) <= due;
  // Sequences of their own: what happens to the ticket must not shift the draws of what it was created with.
  const now = new RecordRandom(seed, "ticketChange", ordinal, step);
  const assignment = new RecordRandom(seed, "ticketChange", ordinal, 100 + Math.floor(step / 3));
  const assignee = step === 0 ? undefined : staffMember(assignment.below(AGENTS));

  return {
    "TKT-Ticket ID": ticketId(ordinal),
    "TKT-Title": title,
    "TKT-Description": description,
    "TKT-Status": status(step, resolving, cancelled, now),
    "TKT-Severity": severity.name,
    "TKT-Category": random.pick(CATEGORIES),
    "TKT-Team": assignment.pick(TEAMS),
    "TKT-Platform": random.chance(0.2) ? null : random.pick(PLATFORMS),
    "TKT-Group": random.pick(GROUPS),
    "TKT-Assigned To User": assignee?.fullName ?? "",
    "TKT-Assigned To Userid": assignee?.id ?? null,
    "TKT-Created By User": creator.fullName,
    "TKT-Created By Userid": creator.id,
    "TKT-Account Id": account.id,
    "TKT-Account Name": account.name,
    "TKT-Client Name": account.client,
    "TKT-Created Time": writesInstant(created),
    "TKT-Modified Time": writesInstant(timeOf(step)),
    "TKT-Actual Response Date": responded ? writesInstant(response) : null,
    "TKT-Actual Resolution Date": optionalInstant(resolving),
    "TKT-Closure Date": optionalInstant(resolving + 1),
    "TKT-Due Date": random.chance(0.04) ? dayFirstText(due) : random.chance(0.03) ? "" : writesInstant(due),
    "TKT-SLA": severity.sla,
    "TKT-SLA Met": resolved ? yesNo(responseMet && resolutionMet) : null,
    "TKT-Response Met": responded ? yesNo(responseMet) : null,
    "TKT-Resolution Met": resolved ? yesNo(resolutionMet) : null,
    "TKT-SLA Clock Status": resolved ? "Stopped" : now.chance(0.2) ? "Paused" : "Running",
    "TKT-Solution": resolved ? solution : "",
    // Absent, not null, until somebody fills the form in.
    "TKT-Root Cause Category": step > resolving ? now.pick(ROOT_CAUSES) : undefined,
    "TKT-Resolution/Change Type": resolved ? resolutionType : unresolvedType,
    "TKT-Ticket Source": random.pick(SOURCES),
  };
}

/** Within the day in the order of the ordinals, between 06:00 and 20:00. */
function creationInstant(window: ServedWindow, ordinal: number, random: RecordRandom): number {
  const day = window.arrivalDay(ordinal);
  const position = (ordinal - window.firstArrival(day) + random.fraction()) / window.busiestDay;
  return day * DAY_SECONDS + 6 * 3600 + Math.floor(14 * 3600 * position);
}

function status(step: number, resolving: number, cancelled: boolean, now: RecordRandom): string {
  if (step > resolving) return "Closed";
  if (step === resolving) return cancelled ? "Cancelled" : "Resolved";
  if (step === 0) return "New";
  if (step === 1) return "Assigned";
  return now.pick(["In Progress", "In Progress", "Pending Customer", "Pending Vendor"]);
}

/** Nearly all of the service writes `Z`; some old clients of it never did. */
function instantStyle(random: RecordRandom): (instant: number) => string {
  const draw = random.fraction();
  if (draw < 0.02) return (instant) => instantText(instant, "T", ".000+0000");
  if (draw < 0.03) return (instant) => instantText(instant + 10 * 3600, "T", "+10:00");
  return (instant) => instantText(instant);
}

function yesNo(value: boolean): string {
  return value ? "Yes" : "No";
}

import { DAY_SECONDS, instantText } from "../calendar.ts";
import { commentText } from "../texts/comment-texts.ts";
import { TEAMS } from "../texts/desk-catalogue.ts";
import { RecordRandom } from "./record-random.ts";
import type { ServedWindow, ServedWindows } from "../served-window.ts";
import { staffMember } from "../texts/staff.ts";
import { drawDetails } from "../texts/text-details.ts";
import { ticketId } from "./ticket-id.ts";

/** Beyond 2^31 on purpose: the service outgrew four bytes long ago. */
const FIRST_COMMENT_ID = 3_400_000_000;

const AUTHORS = 640;

/** A comment, which never changes once it is written. */
export function commentRecord(seed: number, windows: ServedWindows, ordinal: number) {
  const random = new RecordRandom(seed, "comment", ordinal);
  const day = windows.comments.arrivalDay(ordinal);
  const position =
    (ordinal - windows.comments.firstArrival(day) + random.fraction()) / windows.comments.busiestDay;
  const created = day * DAY_SECONDS + 6 * 3600 + Math.floor(15 * 3600 * position);
  const author = staffMember(random.below(AUTHORS));
  const byCustomer = random.chance(0.35);

  return {
    "TKTCT-CommentID": FIRST_COMMENT_ID + ordinal,
    "TKTCT-TicketID": ticketId(commentedTicket(windows, day, random)),
    "TKTCT-Comment": random.chance(0.01) ? "" : commentText(random, drawDetails(random)),
    "TKTCT-UserID": author.userName,
    "TKTCT-Username": author.fullName,
    "TKTCT-OwnerType": byCustomer ? "Customer" : "Agent",
    "TKTCT-Created Time": random.chance(0.02) ? instantText(created, "T", ".000+0000") : instantText(created),
    "TKTCT-VisibleCustomer": random.pick([true, false, "Yes", "No"]),
    "TKTCT-Type": random.pick(["Comment", "Comment", "Work Note", "Email", "Status Change"]),
    "TKTCT-Team": byCustomer ? (random.chance(0.5) ? null : undefined) : random.pick(TEAMS),
  };
}

/**
 * A ticket that existed the day before and will be served as long as the comment is; recent ones get more.
 * (Below some 25 tickets none lives that long; then it is the newest.)
 */
function commentedTicket(windows: ServedWindows, day: number, random: RecordRandom): number {
  const newest = Math.max(0, windows.tickets.firstArrival(day) - 1);
  const oldest = windows.tickets.firstServed(Math.max(0, day) + longestService(windows.comments));
  const back = random.fraction();
  return newest - Math.floor(Math.max(0, newest - oldest + 1) * back * back * back);
}

/** In days. Where the count is no multiple of the window, it holds more than the window's days once it has moved on. */
function longestService(window: ServedWindow): number {
  return Math.max(window.days, Math.ceil(window.count / window.perDay)) + 1;
}

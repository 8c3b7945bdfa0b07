/** Leaves room below for the tickets older than any window that timesheets still name. */
const FIRST_TICKET_ID = 1_100_000_000;

/** `TKT-Ticket ID` of an ordinal; negative ordinals are tickets from before the first window. */
export function ticketId(ordinal: number): number {
  return FIRST_TICKET_ID + ordinal;
}

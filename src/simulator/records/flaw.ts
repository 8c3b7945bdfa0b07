/** One field and a value that no converter may accept: another day, another number or null would all be lies. */
interface Flaw {
  readonly field: string;
  readonly value: unknown;
}

/** In the order in which they are used. */
const FLAWS: Readonly<Record<"tickets" | "comments" | "timesheets", readonly Flaw[]>> = {
  tickets: [
    { field: "TKT-Modified Time", value: "?" },
    { field: "TKT-Ticket ID", value: "INC-unknown" },
    { field: "TKT-Due Date", value: "31/02/2026" },
    { field: "TKT-Created Time", value: "0000-00-00" },
    { field: "TKT-Account Id", value: "12a" },
    { field: "TKT-Actual Response Date", value: "5/13/2026 9:00" },
    { field: "TKT-Assigned To Userid", value: "9223372036854775808" },
  ],
  comments: [
    { field: "TKTCT-Created Time", value: "2026-02-30T10:00:00Z" },
    { field: "TKTCT-VisibleCustomer", value: "maybe" },
    { field: "TKTCT-TicketID", value: "see above" },
    { field: "TKTCT-CommentID", value: "n/a" },
  ],
  timesheets: [
    { field: "TS-Hours", value: "n/a" },
    { field: "TS-Date", value: "31/02/2026" },
    { field: "TS-Approved", value: "pending" },
    { field: "TS-Modified Time", value: "99/99/2026" },
    { field: "TS-Crm ID", value: "internal" },
  ],
};

/** The record with flaw number `index` (0 and up); its other fields stay as they were. */
export function withFlaw(view: keyof typeof FLAWS, record: object, index: number): object {
  const flaws = FLAWS[view];
  const flaw = flaws[index % flaws.length];
  return flaw === undefined ? record : { ...record, [flaw.field]: flaw.value };
}

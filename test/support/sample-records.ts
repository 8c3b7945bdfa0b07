import type { Fields } from "./load-records.ts";

/** A ticket as OTC serves it, with some fields of the test's own. */
export function ticket(id: unknown, fields: Fields = {}): Fields {
  return {
    "TKT-Ticket ID": id,
    "TKT-Title": `Ticket ${String(id)}`,
    "TKT-Status": "Open",
    "TKT-Team": "Network",
    "TKT-Category": "Incident",
    "TKT-Created Time": "2025-03-01 08:00:00",
    "TKT-Modified Time": "2025-03-02 09:30:00",
    ...fields,
  };
}

/** A comment as OTC serves it. */
export function comment(id: unknown, fields: Fields = {}): Fields {
  return {
    "TKTCT-CommentID": id,
    "TKTCT-TicketID": 7,
    "TKTCT-Comment": `Comment ${String(id)}`,
    "TKTCT-Created Time": "2025-03-01T08:00:00Z",
    "TKTCT-VisibleCustomer": "Yes",
    ...fields,
  };
}

/** A timesheet of internal time: neither start nor ticket. */
export function timesheet(user: unknown, fields: Fields = {}): Fields {
  return {
    "TS-User Username": user,
    "TS-Date": "5/3/2025",
    "TS-Time From": null,
    "TS-Crm ID": null,
    "TS-Hours": "7,5",
    "TS-Billable": "No",
    ...fields,
  };
}

/** Several of a kind, numbered from 1. */
export function many(count: number, make: (number: number) => Fields): Fields[] {
  return Array.from({ length: count }, (_, index) => make(index + 1));
}

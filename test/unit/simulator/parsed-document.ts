import { simulatedDocument, type DocumentOptions } from "../../../src/simulator/document.ts";

export type SimulatedRecord = Readonly<Record<string, unknown>>;

/** The records of a document, by way of its bytes. */
export function parsedDocument(options: DocumentOptions): SimulatedRecord[] {
  const parsed = JSON.parse(Buffer.concat([...simulatedDocument(options)]).toString()) as {
    message: { data: SimulatedRecord[] };
  };
  return parsed.message.data;
}

const KEYS = {
  tickets: ["TKT-Ticket ID"],
  comments: ["TKTCT-CommentID"],
  timesheets: ["TS-User Username", "TS-Date", "TS-Time From", "TS-Crm ID"],
};

/** The record's key as the database will compare it: `1` and `"1"` are one number. */
export function keyOf(view: keyof typeof KEYS, record: SimulatedRecord): string {
  return KEYS[view].map((field) => String(record[field])).join(" | ");
}

import { commentRecord } from "./records/comment-record.ts";
import { corrected, correctionOf } from "./corrections.ts";
import { withFlaw } from "./records/flaw.ts";
import type { Scale } from "./scale.ts";
import { servedWindows, type ServedWindows } from "./served-window.ts";
import { ticketRecord } from "./records/ticket-record.ts";
import { timesheetRecord } from "./records/timesheet-record.ts";

export const SIMULATED_VIEWS = ["tickets", "comments", "timesheets"] as const;

export type SimulatedView = (typeof SIMULATED_VIEWS)[number];

export interface DocumentOptions {
  readonly view: SimulatedView;
  /** An integer; another seed is another service desk. */
  readonly seed: number;
  readonly scale: Scale;
  /** Days since Monday 5 January 2026, 0 to 36,500: what the view shows at the end of that day. */
  readonly day: number;
  /** How many records, spread evenly, hold a value no converter can accept; at most all of them. Default 0. */
  readonly flaws?: number;
  /** Tickets that come in on this day and later have a field that the view does not define. Default: none has. */
  readonly newFieldSince?: number;
  /** Whether keys are corrected, and records are deleted, merged and away for some days. Default: none of it happens. */
  readonly corrections?: boolean;
}

/** A hundred years: every date keeps its four-digit year, every ordinal its exactness. */
const LAST_DAY = 36_500;

/** No view defines it. */
const NEW_FIELD = "TKT-Contact Channel";

const CHUNK_LENGTH = 64 * 1024;

type RecordMaker = (seed: number, windows: ServedWindows, ordinal: number, day: number) => object;

const MAKERS: Readonly<Record<SimulatedView, RecordMaker>> = {
  tickets: (seed, windows, ordinal, day) => ticketRecord(seed, windows.tickets, ordinal, day),
  comments: commentRecord,
  timesheets: timesheetRecord,
};

/**
 * The document a view answers with, `{"message":{"data":[…]}}`, in chunks of about 64 KiB.
 *
 * Each record depends on (seed, view, ordinal, day) and the scale only, so any size takes the same little memory and
 * the same options give the same bytes.
 *
 * @throws RangeError at the first chunk when `day` is not an integer from 0 to 36,500.
 */
export function* simulatedDocument(options: DocumentOptions): Generator<Buffer, void, undefined> {
  const { view, seed, scale, day, newFieldSince = Infinity, corrections = false } = options;
  requireDay(day);
  const windows = servedWindows(scale);
  const count = windows[view].count;
  const first = windows[view].firstServed(day);
  const flaws = Math.min(options.flaws ?? 0, count);
  const make = MAKERS[view];
  const hasNewField = (ordinal: number): boolean =>
    view === "tickets" && windows.tickets.arrivalDay(ordinal) >= newFieldSince;

  let text = '{"message":{"data":[';
  let separator = "";
  for (let position = 0; position < count; position += 1) {
    let record: object | undefined = make(seed, windows, first + position, day);
    const correction = corrections ? correctionOf(seed, windows, view, first + position, day) : undefined;
    if (correction !== undefined) record = corrected(record, correction);
    if (record === undefined) continue;
    if (hasNewField(first + position)) record = { ...record, [NEW_FIELD]: "Email" };
    const flaw = Math.floor((position * flaws) / count);
    if (Math.floor(((position + 1) * flaws) / count) > flaw) record = withFlaw(view, record, flaw);
    text += separator + JSON.stringify(record);
    separator = ",";
    if (text.length >= CHUNK_LENGTH) {
      yield Buffer.from(text);
      text = "";
    }
  }
  yield Buffer.from(`${text}]}}`);
}

/** @throws RangeError unless `day` is an integer from 0 to 36,500. */
export function requireDay(day: number): void {
  if (!Number.isInteger(day) || day < 0 || day > LAST_DAY) {
    throw new RangeError(
      `The simulated day must be an integer from 0 to ${String(LAST_DAY)}, not ${String(day)}.`,
    );
  }
}

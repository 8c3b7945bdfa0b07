import { createReadStream } from "node:fs";
import type { SimulatedView } from "../../src/simulator/document.ts";
import { RecordFramer } from "../../src/json/record-framer.ts";

type SimulatedRecord = Record<string, unknown>;

interface Recipe {
  /** A field outside the key, of type text. */
  readonly changedField: string;
  /** A number of the key; a new one makes a new record. */
  readonly idField: string;
}

const RECIPES: Readonly<Record<SimulatedView, Recipe>> = {
  tickets: { changedField: "TKT-Status", idField: "TKT-Ticket ID" },
  comments: { changedField: "TKTCT-Comment", idField: "TKTCT-CommentID" },
  timesheets: { changedField: "TS-Notes", idField: "TS-Crm ID" },
};

/** Above every id of the simulator. */
const FIRST_NEW_ID = 4_000_000_000;

const CHANGED_SHARE = 0.01;
const NEW_SHARE = 0.001;

const CHUNK_LENGTH = 64 * 1024;

/** How many of so many records `changedDocument` changes. */
export function changedCount(records: number): number {
  return Math.round(records * CHANGED_SHARE);
}

/** How many records `changedDocument` adds to so many. */
export function newCount(records: number): number {
  return Math.round(records * NEW_SHARE);
}

/**
 * The document of a file with 1 % of its records changed outside their key and 0.1 % new, both spread evenly. It is
 * read and written in pieces, so its size does not matter.
 *
 * @param records how many the file holds
 */
export async function* changedDocument(
  view: SimulatedView,
  path: string,
  records: number,
): AsyncGenerator<Buffer, void, undefined> {
  const { changedField, idField } = RECIPES[view];
  const framer = new RecordFramer(Number.MAX_SAFE_INTEGER);
  const isChanged = evenlySpread(changedCount(records), records);
  const isDoubled = evenlySpread(newCount(records), records);
  let added = 0;
  let text = '{"message":{"data":[';

  const add = (json: string, first: boolean): void => {
    text += first ? json : `,${json}`;
  };
  const onRecord = (bytes: Buffer, start: number, end: number): void => {
    const position = framer.records - 1;
    const json = bytes.toString("utf8", start, end);
    if (!isChanged(position) && !isDoubled(position)) {
      add(json, position === 0);
      return;
    }
    const record = JSON.parse(json) as SimulatedRecord;
    const before = record[changedField];
    const changed = { ...record, [changedField]: `${typeof before === "string" ? before : ""} (changed)` };
    add(isChanged(position) ? JSON.stringify(changed) : json, position === 0);
    if (!isDoubled(position)) return;
    add(JSON.stringify({ ...record, [idField]: FIRST_NEW_ID + added }), false);
    added += 1;
  };

  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_LENGTH })) {
    framer.push(chunk as Buffer, onRecord);
    yield Buffer.from(text);
    text = "";
  }
  framer.finish();
  if (framer.records !== records) throw new Error(`${path} holds ${framer.records} records, not ${records}.`);
  yield Buffer.from(`${text}]}}`);
}

/** Whether a position, from 0, is one of `chosen` out of `all`. */
function evenlySpread(chosen: number, all: number): (position: number) => boolean {
  const before = (position: number): number => Math.floor((position * chosen) / all);
  return (position) => before(position + 1) > before(position);
}

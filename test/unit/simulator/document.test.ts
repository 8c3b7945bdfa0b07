import { describe, expect, it } from "vitest";
import { SIMULATED_VIEWS, simulatedDocument } from "../../../src/simulator/document.ts";
import { keyOf, parsedDocument, type SimulatedRecord } from "./parsed-document.ts";

const SEED = 7;
const scale = { tickets: 3000, comments: 2500, timesheets: 12_000 };

describe.each(SIMULATED_VIEWS)("the simulated %s document", (view) => {
  const options = { view, seed: SEED, scale, day: 0 };
  const records = parsedDocument(options);

  it("has as many records as the scale says, each with a unique key", () => {
    expect(records).toHaveLength(scale[view]);
    expect(new Set(records.map((record) => keyOf(view, record))).size).toBe(scale[view]);
  });

  it("has the same bytes each time, and others for another seed", () => {
    const first = Buffer.concat([...simulatedDocument(options)]);
    expect(first.equals(Buffer.concat([...simulatedDocument(options)]))).toBe(true);
    expect(first.equals(Buffer.concat([...simulatedDocument({ ...options, seed: SEED + 1 })]))).toBe(false);
  });

  it("comes in chunks of about 64 KiB", () => {
    const lengths = [...simulatedDocument(options)].map((chunk) => chunk.length);
    expect(Math.min(...lengths.slice(0, -1))).toBeGreaterThanOrEqual(64 * 1024);
    expect(Math.max(...lengths)).toBeLessThan(80 * 1024);
  });

  it("has the size of the view's records in production", () => {
    const expected = { tickets: 1380, comments: 660, timesheets: 590 }[view];
    const bytes = [...simulatedDocument(options)].reduce((sum, chunk) => sum + chunk.length, 0);
    expect(bytes / records.length).toBeGreaterThan(expected * 0.93);
    expect(bytes / records.length).toBeLessThan(expected * 1.07);
  });

  it("contains nothing that PostgreSQL or a calendar rejects", () => {
    const texts = records
      .flatMap((record) => Object.values(record))
      .filter((value) => typeof value === "string");
    expect(texts.filter((text) => !text.isWellFormed() || text.includes("\0"))).toEqual([]);
    const dates = new Set(texts.flatMap((text) => /^\d{4}-\d\d-\d\d/.exec(text) ?? []));
    expect([...dates].filter((date) => new Date(date).toISOString().slice(0, 10) !== date)).toEqual([]);
  });

  it("is an empty list at scale zero", () => {
    const nothing = { tickets: 0, comments: 0, timesheets: 0 };
    const bytes = Buffer.concat([...simulatedDocument({ ...options, scale: nothing })]);
    expect(bytes.toString()).toBe('{"message":{"data":[]}}');
  });

  it.each([1, 2, 30])("has unique keys with %i records, also much later", (count) => {
    const tiny = { tickets: count, comments: count, timesheets: count };
    for (const day of [0, 1, 400]) {
      const keys = parsedDocument({ ...options, scale: tiny, day }).map((record) => keyOf(view, record));
      expect(new Set(keys).size).toBe(count);
    }
  });

  it.each([-1, 0.5, Number.NaN, 36_501])("refuses day %d", (day) => {
    expect(() => simulatedDocument({ ...options, day }).next()).toThrow(RangeError);
  });
});

describe("what a simulated service desk looks like", () => {
  const [tickets, comments, timesheets] = SIMULATED_VIEWS.map((view) =>
    parsedDocument({ view, seed: SEED, scale, day: 40 }),
  ) as [SimulatedRecord[], SimulatedRecord[], SimulatedRecord[]];

  it("comments only on tickets of the window", () => {
    const served = new Set(tickets.map((record) => record["TKT-Ticket ID"]));
    expect(comments.filter((record) => !served.has(record["TKTCT-TicketID"]))).toEqual([]);
  });

  it("books time on weekdays, some of it without a ticket and a little without a time", () => {
    const weekdays = timesheets.map((record) => new Date(String(record["TS-Date"])).getUTCDay());
    expect(weekdays.filter((weekday) => weekday === 0 || weekday === 6)).toEqual([]);
    const internal = timesheets.filter((record) => record["TS-Crm ID"] === null);
    expect(internal.length / timesheets.length).toBeCloseTo(0.12, 1);
    expect(internal.some((record) => record["TS-Time From"] === null)).toBe(true);
    expect(
      timesheets.every((record) => record["TS-Crm ID"] === null || record["TS-Time From"] !== null),
    ).toBe(true);
  });

  it("has entries of one user and start that differ only in the ticket", () => {
    const timed = timesheets.filter((record) => record["TS-Time From"] !== null);
    const starts = timed.map((record) => keyOf("timesheets", record).replace(/[^|]*$/, ""));
    const shared = timed.length - new Set(starts).size;
    expect(shared).toBeGreaterThan(0);
    expect(shared / timed.length).toBeLessThan(0.02);
  });

  it("has open tickets without and closed tickets with a closure date", () => {
    for (const ticket of tickets) {
      expect(ticket["TKT-Closure Date"] === null).toBe(ticket["TKT-Status"] !== "Closed");
    }
    expect(tickets.some((ticket) => ticket["TKT-Status"] !== "Closed")).toBe(true);
  });

  it("contains difficult text: quotes, backslashes, line breaks, tabs, umlauts, kanji, emoji", () => {
    const text = JSON.stringify([tickets, comments, timesheets]);
    const samples = ['\\"', "\\\\", "\\r\\n", "\\t", "ü", "確認", "🔥"];
    expect(samples.filter((sample) => !text.includes(sample))).toEqual([]);
  });

  it("has null, empty and absent values in each view", () => {
    for (const records of [tickets, comments, timesheets]) {
      const fields = new Set(records.flatMap((record) => Object.keys(record)));
      expect(records.some((record) => Object.keys(record).length < fields.size)).toBe(true);
      expect(records.some((record) => Object.values(record).includes(null))).toBe(true);
      expect(records.some((record) => Object.values(record).includes(""))).toBe(true);
    }
  });
});

describe("flaws", () => {
  it.each(SIMULATED_VIEWS)("damage exactly the requested number of %s, spread over the document", (view) => {
    const options = { view, seed: SEED, scale, day: 0 };
    const sound = parsedDocument(options);
    const flawed = parsedDocument({ ...options, flaws: 10 });
    const spoilt = sound.flatMap((record, position) =>
      JSON.stringify(record) === JSON.stringify(flawed[position]) ? [] : [position],
    );
    expect(spoilt).toHaveLength(10);
    const tenth = scale[view] / 10;
    expect(spoilt.map((position) => Math.floor(position / tenth))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("are at most as many as there are records", () => {
    const few = { tickets: 3, comments: 3, timesheets: 3 };
    expect(parsedDocument({ view: "tickets", seed: 1, scale: few, day: 0, flaws: 9 })).toHaveLength(3);
  });
});

describe("a new field", () => {
  it("is in the tickets that are created on its day and later, and in no others", () => {
    const tickets = parsedDocument({ view: "tickets", seed: 1, scale, day: 9, newFieldSince: 7 });
    const withField = tickets.filter((ticket) => "TKT-Contact Channel" in ticket);
    expect(withField.length).toBeGreaterThan(0);
    const since = Date.UTC(2026, 0, 12);
    expect(withField).toEqual(
      tickets.filter((ticket) => Date.parse(String(ticket["TKT-Created Time"])) >= since),
    );
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Reject, RejectSpool } from "../../../src/runs/rejects/reject-spool.ts";
import { RowStager } from "../../../src/load/stage/row-stager.ts";
import { FingerprintFramer } from "../../../src/json/fingerprint-framer.ts";
import { timeZoneNamed } from "../../../src/views/values/time-zone.ts";
import { defineView, integer, text } from "../../../src/views/view.ts";
import { readCopyRows } from "../../support/copy-rows.ts";

const utc = await timeZoneNamed("UTC");

const notes = defineView({
  name: "notes",
  order: 1,
  columns: [integer("Id", { key: "required" }), text("Note")],
});

/** Notes, `extra`, the fingerprint, the position, and whether the key may have come before. */
const STAGED = ["integer", "text", "json", "uuid", "integer", "boolean"] as const;
const FINGERPRINT = STAGED.indexOf("uuid");

class SeenRejects extends RejectSpool {
  readonly seen: Reject[] = [];

  override add(reject: Reject): void {
    this.seen.push(reject);
  }
}

/** What becomes of a document that comes in these chunks. */
function stage(chunks: readonly Buffer[]) {
  const rejects = new SeenRejects(10_000);
  const framer = new FingerprintFramer({ maxRecordBytes: 1_000_000, key: Buffer.alloc(16) });
  const stager = new RowStager(notes, utc, rejects, { kind: "staging" }, undefined, framer.module);
  for (const chunk of chunks) {
    stager.beginChunk(chunk);
    framer.push(chunk, (bytes, start, end, position, fingerprint, isInChunk) => {
      stager.stage(bytes, start, end, position + 1, fingerprint, isInChunk);
    });
  }
  framer.finish();
  const rejected = rejects.seen.map(({ position, key, reason }) => ({ position, key, reason }));
  const rows = readCopyRows(stager.takeRows(), STAGED);
  return {
    rows: rows.map((row) => row.toSpliced(FINGERPRINT, 1)),
    hasFingerprint: rows.map((row) => row[FINGERPRINT] !== null),
    rejected,
    records: framer.records,
    raw: rejects.seen.map(({ raw }) => raw),
    drift: stager.drift,
    rejectedFields: stager.rejectedFields,
  };
}

/** The document cut at each of the places. */
function cutAt(document: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [0, ...places.map((place) => place % document.length), document.length].sort(
    (a, b) => a - b,
  );
  return sorted.slice(1).map((end, index) => document.subarray(sorted[index], end));
}

const EVERY_KIND = Buffer.from(
  `{"data":[${[
    '{"Id":1,"Note":"ß€😀"}',
    '{"Id":"one"}',
    '{"Note":"é\\u00e9\\n","Id":"2"}',
    '{"Id":3,"Colour":"€"}',
    '"😀"',
    ' { "Id" : 1 , "Note" : null } ',
    "[4]",
    '{"Note":"no key"}',
    '{"Id":5,"Note":"\\ud83d","Id":6}',
    '{"Id":7,"Note":"ü"}',
  ].join(",")}]}`,
);

const STAGED_OF_EVERY_KIND = {
  records: 10,
  rows: [
    ["1", "ß€😀", null, "1", null],
    ["2", "éé\n", null, "3", null],
    ["3", null, '{"Colour":"€"}', "4", null],
    ["1", null, null, "6", "t"],
    ["6", "\uFFFD", null, "9", null],
    ["7", "ü", null, "10", null],
  ],
  // One keeps a field in extra, and of one a text was repaired: each load has something to tell about them.
  hasFingerprint: [true, true, false, true, false, true],
  rejected: [
    { position: 2, key: 'Id="one"', reason: "invalid_integer" },
    { position: 5, key: null, reason: "not_an_object" },
    { position: 7, key: null, reason: "not_an_object" },
    { position: 8, key: "Id=absent", reason: "missing_key" },
  ],
  raw: ['{"Id":"one"}', '"😀"', "[4]", '{"Note":"no key"}'],
  drift: { records: 8, unknownFields: new Map([["Colour", 1]]), absentFields: [] },
  rejectedFields: {
    records: 2,
    filled: new Map([
      ["Id", 1],
      ["Note", 1],
    ]),
  },
};

describe("the records of a document", () => {
  it("become the same rows and rejected records, with their positions, wherever its chunks are cut", () => {
    expect(stage([EVERY_KIND])).toEqual(STAGED_OF_EVERY_KIND);
    expect(stage(cutAt(EVERY_KIND, [...EVERY_KIND.keys()]))).toEqual(STAGED_OF_EVERY_KIND);
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 30 }), (places) => {
        expect(stage(cutAt(EVERY_KIND, places))).toEqual(STAGED_OF_EVERY_KIND);
      }),
      { numRuns: 30 },
    );
  });

  it("are read by the same fields when a long one has made the memory of the module grow", () => {
    const notes = ["é\n", "x\t".repeat(250_000), "ü", "y\t".repeat(90_000), "y".repeat(900_000), "ß"];
    const records = notes.map((note, index) => JSON.stringify({ Id: index, Note: note }));
    const document = Buffer.from(`[${records.join(",")}]`);
    const expected = notes.map((note, index) => [String(index), note, null, String(index + 1), null]);
    for (const chunks of [[document], cutAt(document, [100, 500_000, 600_000, 601_000])]) {
      expect(stage(chunks).rows).toEqual(expected);
    }
  });

  it.each([
    ["a byte of Latin-1", [0xe9]],
    ["half a character", [0xe2, 0x82]],
    ["the rest of a character", [0xac]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["more rests of characters than a character has", [0x80, 0x80, 0x80, 0x80, 0x80]],
  ])("that are not valid UTF-8, with %s, are rejected, and the others are not", (_case, bytes) => {
    const before = Buffer.from('[{"Id":1,"Note":"€"},{"Id":2,"Note":"');
    const document = Buffer.concat([before, Buffer.from(bytes), Buffer.from('€"},{"Id":3,"Note":"€"}]')]);
    // Behind the bracket, so that all records are in one chunk of their own; around the bad bytes, and among them.
    const around = Array.from({ length: bytes.length + 5 }, (_, index) => before.length - 1 + index);
    const places = [1, ...around];
    for (const chunks of [
      [document],
      cutAt(document, places),
      ...places.map((place) => cutAt(document, [place])),
    ]) {
      const { rows, rejected, records } = stage(chunks);
      expect(rows).toEqual([
        ["1", "€", null, "1", null],
        ["3", "€", null, "3", null],
      ]);
      expect(rejected).toEqual([{ position: 2, key: null, reason: "invalid_utf8" }]);
      expect(records).toBe(3);
    }
  });

  it("count with their fields, wherever its chunks are cut, except those that are not objects or not UTF-8", () => {
    const document = Buffer.concat([
      Buffer.from(
        '[{"Id":1},{"Id":"two","Note":"€"},{"Id":"three","Colour":1},[{"Shape":1}],{"Id":4,"Size":"',
      ),
      Buffer.from([0xe9]),
      Buffer.from('"}]'),
    ]);
    for (const places of [[], [1], [12], [...document.keys()]]) {
      const { drift, rejectedFields, rejected } = stage(cutAt(document, places));
      expect(rejected).toHaveLength(4);
      expect(drift).toEqual({ records: 3, unknownFields: new Map([["Colour", 1]]), absentFields: [] });
      expect(rejectedFields.records).toBe(2);
    }
  });

  it("that are not JSON fail the document, with the position", () => {
    const document = Buffer.from('[{"Id":1},{"Id":2,},{"Id":3}]');
    for (const places of [[], [12], [20], [...document.keys()]]) {
      expect(() => stage(cutAt(document, places))).toThrow(
        expect.objectContaining({
          code: "document",
          message: expect.stringContaining("Record 2 of the document is not valid JSON"),
        }),
      );
    }
  });
});

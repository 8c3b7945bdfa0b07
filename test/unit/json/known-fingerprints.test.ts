import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KnownFingerprints } from "../../../src/json/known-fingerprints.ts";
import { frameInWebAssembly } from "../../support/framed-records.ts";

const OPTIONS = { maxRecordBytes: 1000, key: Buffer.alloc(32, 1) };

const documentOf = (records: readonly number[]) => [Buffer.from(JSON.stringify(records))];

/** The fingerprints of the records, in one buffer. */
function fingerprintsOf(records: readonly number[]): Buffer {
  return Buffer.from(frameInWebAssembly(documentOf(records), OPTIONS).fingerprints.join(""), "hex");
}

function knownOf(rows: readonly number[], limit?: number): KnownFingerprints {
  const known = new KnownFingerprints(limit);
  const bytes = fingerprintsOf(rows);
  for (let offset = 0; offset < bytes.length; offset += 16) known.add(bytes, offset);
  return known;
}

describe("known fingerprints", () => {
  it("keep known records from being handed out, and tell how often and where each was seen", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(60), { maxLength: 80 }),
        fc.array(fc.nat(80), { maxLength: 1500, size: "max" }),
        (rows, records) => {
          const known = knownOf(rows);
          const framed = frameInWebAssembly(documentOf(records), { ...OPTIONS, known });
          const once = (record: number) => rows.filter((row) => row === record).length === 1;

          const unknown = [...records.entries()].filter(([, record]) => !once(record));
          expect(framed.records).toEqual(unknown.map(([, record]) => `${record}`));
          expect(framed.positions).toEqual(unknown.map(([position]) => position));
          expect(framed.counted).toBe(records.length);
          for (const [row, record] of rows.entries()) {
            const times = once(record) ? records.filter((other) => other === record).length : 0;
            expect(known.timesSeen(row)).toBe(times);
            if (times > 0) expect(known.lastPosition(row)).toBe(records.lastIndexOf(record));
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it("are found among very many, in any order and wherever they lie in the chunks", () => {
    const rows = Array.from({ length: 300_000 }, (_, row) => row * 2);
    const known = knownOf(rows);
    const records = rows.map((_, index) => ((index * 7919) % rows.length) * 2).concat(1, 3);
    const document = documentOf(records)[0] as Buffer;
    const chunks = Array.from({ length: Math.ceil(document.length / 1000) }, (_, chunk) =>
      document.subarray(chunk * 1000, (chunk + 1) * 1000),
    );
    const framed = frameInWebAssembly(chunks, { ...OPTIONS, known });
    expect(framed.records).toEqual(["1", "3"]);
    expect(framed.positions).toEqual([rows.length, rows.length + 1]);
    expect(known.lastPosition(1)).toBe(records.indexOf(2));
    expect(rows.every((_, row) => known.timesSeen(row) === 1)).toBe(true);
  });

  it("that all rows share are unknown, and searched no longer for it", () => {
    const known = knownOf(Array.from({ length: 200_000 }, () => 7));
    expect(frameInWebAssembly(documentOf([7, 8]), { ...OPTIONS, known }).records).toEqual(["7", "8"]);
  });

  it("are as if unseen when a document begins anew", () => {
    const known = knownOf([1, 2]);
    frameInWebAssembly([Buffer.from("[1,1,2")], { ...OPTIONS, known });
    expect([known.timesSeen(0), known.timesSeen(1)]).toEqual([2, 0]);
    const framed = frameInWebAssembly(documentOf([2, 3]), { ...OPTIONS, known });
    expect(framed.records).toEqual(["3"]);
    expect([known.timesSeen(0), known.timesSeen(1), known.lastPosition(1)]).toEqual([0, 1, 0]);
  });

  it("of other keys are unknown", () => {
    const known = knownOf([1, 2]);
    const framed = frameInWebAssembly(documentOf([1, 2]), { ...OPTIONS, key: Buffer.alloc(32, 2), known });
    expect(framed.records).toEqual(["1", "2"]);
  });

  it("count the rows whose records came, and the records", () => {
    const known = knownOf([1, 2, 3, 4, 4]);
    expect(known.countSeen()).toEqual({ rows: 0, records: 0 });
    frameInWebAssembly(documentOf([1, 2, 9, 1, 4, 1]), { ...OPTIONS, known });
    // Two rows have the fingerprint of 4, so its record is not known.
    expect(known.countSeen()).toEqual({ rows: 2, records: 4 });
  });

  it("tell the row of a fingerprint, and where its record came last", () => {
    const known = knownOf([1, 2, 3, 4, 4]);
    const bytes = Buffer.concat([Buffer.from("before"), fingerprintsOf([1, 2, 3, 4, 5])]);
    const ask = () =>
      [0, 1, 2, 3, 4].map((record) => {
        const offset = "before".length + record * 16;
        return [known.rowOf(bytes, offset), known.lastSeen(bytes, offset)];
      });
    frameInWebAssembly(documentOf([2, 1, 2]), { ...OPTIONS, known });
    const answers = [
      [0, 1],
      [1, 2],
      [2, undefined],
      [undefined, undefined],
      [undefined, undefined],
    ];
    expect(ask()).toEqual(answers);
    // The search leaves no trace in what is framed next.
    expect(frameInWebAssembly(documentOf([5, 3]), { ...OPTIONS, known }).records).toEqual(["5"]);
    expect(ask()).toEqual([[0, undefined], [1, undefined], [2, 1], ...answers.slice(3)]);
  });

  it("are none in an empty table", () => {
    const known = new KnownFingerprints();
    expect(frameInWebAssembly(documentOf([1]), { ...OPTIONS, known }).records).toEqual(["1"]);
    expect([known.rowOf(fingerprintsOf([1]), 0), known.lastSeen(fingerprintsOf([1]), 0)]).toEqual([
      undefined,
      undefined,
    ]);
    expect(known.countSeen()).toEqual({ rows: 0, records: 0 });
  });

  it("are no more than the limit", () => {
    const known = new KnownFingerprints(3);
    const bytes = fingerprintsOf([1, 2, 3, 4]);
    expect([0, 16, 32, 48].map((offset) => known.add(bytes, offset))).toEqual([true, true, true, false]);
    expect(known.size).toBe(3);
    expect(frameInWebAssembly(documentOf([4, 3, 2, 1]), { ...OPTIONS, known }).records).toEqual(["4"]);
    expect(() => known.add(bytes, 0)).toThrow("while documents are framed");
  });
});

import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KnownFingerprints } from "../../../src/json/known-fingerprints.ts";
import { FingerprintFramer } from "../../../src/json/fingerprint-framer.ts";
import { referenceFingerprint, sipHash128 } from "../../support/fingerprint-reference.ts";
import {
  cutAt,
  type Framed,
  frameInJavaScript,
  frameInWebAssembly,
  oneByOne,
} from "../../support/framed-records.ts";
import { jsonScalar, jsonSpace } from "../../support/json-arbitraries.ts";

const KEY = Buffer.from("000102030405060708090a0b0c0d0e0f", "hex");
const MAX_RECORD_BYTES = 64 * 1024 * 1024;
/** A module compiles and starts in a millisecond, so documents of a property share it. */
const shared = new KnownFingerprints();

function frame(chunks: readonly Buffer[], maxRecordBytes = MAX_RECORD_BYTES) {
  return frameInWebAssembly(chunks, { maxRecordBytes, key: KEY, known: shared });
}

/** @returns what both framers made of the chunks */
function expectSame(chunks: readonly Buffer[], maxRecordBytes = MAX_RECORD_BYTES): Framed {
  const { positions, fingerprints, ...framed } = frame(chunks, maxRecordBytes);
  const expected = frameInJavaScript(chunks, maxRecordBytes);
  const places = [...framed.records.keys()];
  const isSame =
    isDeepStrictEqual({ ...framed, positions }, { ...expected, positions: places }) &&
    fingerprints.length === framed.records.length;
  // Properties ask this very often, and `expect` costs more than comparing.
  if (!isSame) {
    expect(framed).toEqual(expected);
    expect(positions).toEqual(places);
    expect(fingerprints).toHaveLength(framed.records.length);
  }
  return framed;
}

/** The document whole, byte by byte, and in two at every byte. */
function expectSameWhereverCut(document: Buffer, maxRecordBytes?: number): void {
  expectSame([document], maxRecordBytes);
  expectSame(oneByOne(document), maxRecordBytes);
  for (let place = 0; place <= document.length; place += 1) {
    expectSame(cutAt(document, [place]), maxRecordBytes);
  }
}

const { value } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthIdentifier: "json" },
    jsonScalar,
    fc
      .array(fc.tuple(jsonSpace, tie("value"), jsonSpace), { maxLength: 4, depthIdentifier: "json" })
      .map((items) => `[${items.map((parts) => parts.join("")).join(",")}]`),
    fc
      .array(fc.tuple(jsonSpace, jsonScalar, jsonSpace, tie("value")), {
        maxLength: 4,
        depthIdentifier: "json",
      })
      .map((members) => `{${members.map(([a, name, b, member]) => `${a}${name}${b}:${member}`).join(",")}}`),
  ),
}));

const envelope = fc.constantFrom(
  ["[", "]"],
  ['{"data":[', "]}"],
  ['\uFEFF {"code":[{"a":"\\"]"}],"message":{"n":1,"data":[', '],"x":[1]},"y":"]"}'],
);

const documents = fc
  .tuple(envelope, fc.array(fc.tuple(jsonSpace, value, jsonSpace), { maxLength: 6 }))
  .map(([[before, after], records]) =>
    Buffer.from(`${before}${records.map((parts) => parts.join("")).join(",")}${after}`),
  );

/** Whatever can confuse: runs of backslashes, quotes and brackets, with plain text between that fills blocks. */
const anything = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom('"', "\\", "{", "}", "[", "]", ",", ":", " ", "\n", "1", "a") },
      { weight: 1, arbitrary: fc.constantFrom('",', '"}', "},{", "],[", "é", "\0", "Yy_;") },
      { weight: 1, arbitrary: fc.nat({ max: 70 }).map((length) => "\\".repeat(length)) },
      { weight: 1, arbitrary: fc.nat({ max: 140 }).map((length) => "x".repeat(length)) },
    ),
    { maxLength: 40 },
  )
  .map((pieces) => Buffer.from(`[${pieces.join("")}`));

describe("records framed in WebAssembly", () => {
  it("are those that RecordFramer finds, wherever the document is cut", () => {
    fc.assert(
      fc.property(documents, (document) => {
        expectSameWhereverCut(document);
      }),
      { numRuns: 60 },
    );
  });

  it("are those that RecordFramer finds in what is hardly JSON, up to the same error", () => {
    fc.assert(
      fc.property(anything, fc.array(fc.nat(400), { maxLength: 5 }), (document, places) => {
        expectSame([document]);
        expectSame(oneByOne(document));
        expectSame(
          cutAt(
            document,
            places.map((place) => Math.min(place, document.length)),
          ),
        );
      }),
      { numRuns: 1500 },
    );
  });

  it("are refused with any end of the document missing, as by RecordFramer", () => {
    fc.assert(
      fc.property(documents, (document) => {
        for (let length = 0; length < document.length; length += 1) {
          const { failure } = expectSame([document.subarray(0, length)]);
          if (failure?.code !== "document") expect(failure).toMatchObject({ code: "document" });
        }
      }),
      { numRuns: 40 },
    );
  });

  it("may be the limit in size and no more, as for RecordFramer", () => {
    fc.assert(
      fc.property(documents, fc.integer({ min: 1, max: 80 }), (document, maxRecordBytes) => {
        expectSame([document], maxRecordBytes);
        expectSame(oneByOne(document), maxRecordBytes);
      }),
      { numRuns: 150 },
    );
    const record = `{"a":"${"x".repeat(92)}"}`;
    expect(frame([Buffer.from(`[${record}]`)], 100).failure).toBeUndefined();
    expect(frame([Buffer.from(`[${record}]`)], 99).failure?.message).toContain("larger than 99 bytes");
  });

  it("keep a quote apart from an escaped one at every place of a block", () => {
    for (let before = 0; before < 140; before += 1) {
      for (const run of ["\\\\", '\\"', '\\\\\\"', "\\".repeat(64), `${"\\".repeat(65)}"`, '"}{"']) {
        const document = Buffer.from(`[{"${"a".repeat(before)}${run}":"]}"},{"b":[{}]}]`);
        expectSame([document]);
        expectSame(cutAt(document, [before + 4]));
      }
    }
  });

  it("do not mind a backslash outside a string, which is not JSON", () => {
    for (let before = 0; before < 130; before += 1) {
      const document = Buffer.from(
        `[{${" ".repeat(before)}\\"}]":\\"\\"]}"} ,{\\}, [\\"]"] ]${" ".repeat(70)}`,
      );
      expectSame([document]);
      expectSame(cutAt(document, [before]));
    }
  });

  it("may be nested a million deep", () => {
    const deep = `${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}`;
    expect(frame([Buffer.from(`[${deep},1]`)]).records).toEqual([deep, "1"]);
    const objects = `${'{"a":'.repeat(1_000_000)}1${"}".repeat(1_000_000)}`;
    expect(frame([Buffer.from(`{"data":[${objects}]}`)]).records).toEqual([objects]);
  });

  it("may be more than the module reports at a time, and longer than a piece of a chunk", () => {
    const many = Array.from({ length: 3000 }, (_, index) => `${index}`);
    const long = `{"a":"${"y".repeat(700_000)}"}`;
    const document = Buffer.from(`[${many.join()},${long},${many.join()},${long}]`);
    expectSame([document]);
    expectSame(cutAt(document, [5, 1000, 20_000, 300_000, 300_000, 999_999]));
    expect(frame([document]).records).toEqual([...many, long, ...many, long]);
  });

  it("are said to be in the chunk, unless they began in an earlier one", () => {
    const framer = new FingerprintFramer({ maxRecordBytes: 100, key: KEY });
    const inChunk: boolean[] = [];
    for (const text of ['[{"a":1},{"b', '":2},{"c":3}', "]"]) {
      framer.push(Buffer.from(text), (_bytes, _start, _end, _position, _fingerprint, isInChunk) =>
        inChunk.push(isInChunk),
      );
    }
    framer.finish();
    expect(inChunk).toEqual([true, false, true]);
  });

  it("are counted, and their bytes with them, while the document is coming in", () => {
    const framer = new FingerprintFramer({ maxRecordBytes: 100, key: KEY });
    const counted: number[] = [];
    framer.push(Buffer.from('[{"a":1},2,{"b'), () => counted.push(framer.records));
    expect([framer.records, framer.bytes, counted]).toEqual([2, 14, [1, 2]]);
    framer.push(Buffer.alloc(0), () => counted.push(framer.records));
    framer.push(Buffer.from('":2}'), () => counted.push(framer.records));
    expect([framer.records, framer.bytes, counted]).toEqual([3, 18, [1, 2, 3]]);
  });
});

describe("a record's fingerprint", () => {
  const fingerprintOf = (record: string | Buffer, key: Uint8Array = KEY): string => {
    const document = Buffer.concat([Buffer.from("["), Buffer.from(record as string), Buffer.from("]")]);
    return frameInWebAssembly([document], { maxRecordBytes: 2 ** 30, key }).fingerprints[0] as string;
  };
  const textOf = (length: number, seed = 1): string => {
    const bytes = Buffer.alloc(length - 2);
    for (let index = 0; index < bytes.length; index += 1) {
      bytes[index] = 0x61 + ((Math.imul(index + seed, 0x9e3779b1) >>> 24) % 26);
    }
    return `"${bytes.toString("latin1")}"`;
  };

  it("ends in SipHash-2-4 as its authors publish it", () => {
    const vectors = ["a3817f04ba25a8e66df67214c7550293", "da87c1d86b99af44347659119b22fc45"];
    for (const [length, vector] of vectors.entries()) {
      expect(sipHash128(KEY, Buffer.from([...Array(length).keys()])).toString("hex")).toBe(vector);
    }
  });

  it.each([
    ["short", Array.from({ length: 140 }, (_, index) => index + 2)],
    ["about a block", [4063, 4064, 4065, 4095, 4096, 4097, 4127, 4128, 4129, 8191, 8192, 8193, 12_345]],
    ["about 128 blocks", [4096 * 128 - 1, 4096 * 128, 4096 * 128 + 1, 4096 * 129 + 33]],
  ])(
    "is what the description of the hash says, of %s records",
    (_, lengths) => {
      const records = lengths.map((length) => textOf(length));
      const { fingerprints } = frame([Buffer.from(`[${records.join(" , ")}]`)]);
      expect(fingerprints).toEqual(records.map((record) => referenceFingerprint(KEY, Buffer.from(record))));
    },
    60_000,
  );

  it("depends on its bytes alone, not on where it lies in whichever chunks", () => {
    fc.assert(
      fc.property(documents, fc.array(fc.nat(300), { maxLength: 8 }), (document, places) => {
        const cuts = [
          [document],
          oneByOne(document),
          cutAt(
            document,
            places.filter((at) => at < document.length),
          ),
        ];
        for (const { records, fingerprints } of cuts.map((chunks) => frame(chunks))) {
          expect(fingerprints).toEqual(
            records.map((record) => referenceFingerprint(KEY, Buffer.from(record, "latin1"))),
          );
        }
      }),
      { numRuns: 60 },
    );
  });

  it("is another under another key, of 16 bytes or 32", () => {
    const keys = [KEY, Buffer.alloc(16), Buffer.alloc(16, 1), Buffer.alloc(32), Buffer.alloc(32, 1)];
    const found = keys.map((key) => fingerprintOf('{"a":1}', key));
    expect(new Set(found).size).toBe(keys.length);
    expect(found).toEqual(keys.map((key) => referenceFingerprint(key, Buffer.from('{"a":1}'))));
    expect(() => fingerprintOf("1", Buffer.alloc(15))).toThrow("at least 16 bytes");
  });

  it("is another when zero bytes are added at the end", () => {
    const records = Array.from({ length: 100 }, (_, zeros) => Buffer.from(`1${"\0".repeat(zeros)}`));
    expect(new Set(records.map((record) => fingerprintOf(record))).size).toBe(100);
  });

  it("is another when one byte of seventy million is", () => {
    const record = Buffer.alloc(70_000_000, "x");
    record[0] = record[record.length - 1] = 0x22;
    // Without a copy of the record, or its text.
    const found = new Set<string>();
    const add = () => {
      const framer = new FingerprintFramer({ maxRecordBytes: 2 ** 30, key: KEY, known: shared });
      for (const chunk of [Buffer.from("["), record, Buffer.from("]")]) {
        framer.push(chunk, (_bytes, _start, _end, _position, fingerprint) => found.add(fingerprint.join()));
      }
      framer.finish();
    };
    add();
    for (const place of [1, 67_108_863, 67_108_864, record.length - 2]) {
      record[place] = 0x79;
      add();
      record[place] = 0x78;
    }
    expect(found.size).toBe(5);
  });

  it("changes in half of its bits with each bit of the record, and never repeats among many", () => {
    const base = Buffer.from(textOf(160));
    const flipped = Array.from({ length: (base.length - 2) * 7 }, (_, bit) => {
      const copy = Buffer.from(base);
      copy[1 + Math.floor(bit / 7)] = (copy[1 + Math.floor(bit / 7)] as number) ^ (1 << (bit % 7));
      return copy;
    }).filter((record) => !record.subarray(1, -1).includes('"') && !record.includes("\\"));
    const whole = BigInt(`0x${fingerprintOf(base)}`);
    const { fingerprints } = frame([
      Buffer.from(`[${flipped.map((record) => record.toString("latin1")).join()}]`),
    ]);
    expect(fingerprints).toHaveLength(flipped.length);
    let changed = 0;
    for (const fingerprint of fingerprints) {
      const bits = (BigInt(`0x${fingerprint}`) ^ whole).toString(2).replaceAll("0", "").length;
      // Fewer or more come by chance once in 10^12.
      expect(bits).toBeGreaterThan(24);
      expect(bits).toBeLessThan(104);
      changed += bits;
    }
    expect(changed / fingerprints.length).toBeCloseTo(64, -0.5);

    const numbers = Array.from({ length: 200_000 }, (_, index) => index);
    expect(new Set(frame([Buffer.from(JSON.stringify(numbers))]).fingerprints).size).toBe(numbers.length);
  });
});

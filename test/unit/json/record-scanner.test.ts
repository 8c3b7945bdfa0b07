import { isUtf8 } from "node:buffer";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NUMBER, RecordFields, STRING } from "../../../src/json/record-fields.ts";
import { NOT_SCANNED, RecordScanner } from "../../../src/json/record-scanner.ts";
import { simulatedDocument } from "../../../src/simulator/document.ts";
import { parseScale } from "../../../src/simulator/scale.ts";
import { RecordFramer } from "../../../src/json/record-framer.ts";
import comments from "../../../src/views/definitions/comments.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import { readParsedRecord, type SourceRecord } from "../../../src/views/parsed-record.ts";
import { type Column, integer, numeric, text, type View } from "../../../src/views/view.ts";
import { jsonScalar, jsonSpace } from "../../support/json-arbitraries.ts";
import { describeWithSharedData } from "../../support/shared-data.ts";

/** Names that begin alike, that JSON has to escape, and of every length of a last word. */
const COLUMNS: readonly Column[] = [
  integer("Id"),
  text("Id2"),
  text("TS-Date"),
  text("TS-Date of"),
  text('Quoted "name"'),
  text("Größe 😀"),
  numeric(""),
];

const NAMES = COLUMNS.map((column) => column.field);

/** What `fields` holds of each column: its kind, and the text or number that its bytes are. */
function contentsOf(fields: RecordFields): unknown[] {
  return COLUMNS.map(({ type }, index) => {
    const kind = fields.kinds[index]!;
    if (kind !== STRING && kind !== NUMBER) return [kind];
    const content = fields.sources[index]!.toString("utf8", fields.starts[index], fields.ends[index]);
    // The digits of a number matter where it becomes a text; elsewhere -0 is 0.
    return [kind, kind === NUMBER && type !== "text" ? Number(content) + 0 : content];
  });
}

function parsedContents(json: string): unknown[] {
  const fields = new RecordFields(NAMES);
  const repairs = { nulsRemoved: 0, surrogatesReplaced: 0 };
  readParsedRecord(JSON.parse(json) as SourceRecord, json, COLUMNS, fields, repairs);
  return contentsOf(fields);
}

const scannedFields = new RecordFields(NAMES);
/** One for all records, as a document has it: what it remembers of the last must not matter. */
const scanner = new RecordScanner(scannedFields);

interface Member {
  readonly name: string;
  readonly value: string;
}

const flatMembers = fc
  .shuffledSubarray(NAMES)
  .chain((names) =>
    fc.tuple(
      ...names.map((name) => jsonScalar.map((value): Member => ({ name: JSON.stringify(name), value }))),
    ),
  );

/** Members that a record of the view does not have, as a rule. */
const oddMember = fc.oneof(
  fc.record({ name: fc.constantFrom(...NAMES).map((name) => JSON.stringify(name)), value: jsonScalar }),
  fc.record({ name: fc.string().map((name) => JSON.stringify(name)), value: jsonScalar }),
  fc.record({
    name: fc.constantFrom('"Id"', '"Id2"'),
    value: fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value)),
  }),
  fc.constant({ name: '"\\u0049d"', value: "1" }),
);

const records = fc
  .record({
    members: flatMembers,
    odd: fc.option(fc.tuple(oddMember, fc.nat()), { freq: 3 }),
    spaces: fc.infiniteStream(jsonSpace),
  })
  .map(({ members, odd, spaces }) => {
    const gap = () => String(spaces.next().value);
    const all = odd === null ? members : members.toSpliced(odd[1] % (members.length + 1), 0, odd[0]);
    const written = all.map(({ name, value }) => `${gap()}${name}${gap()}:${gap()}${value}${gap()}`);
    const isFlat = all.every(({ value }) => !/^[[{]/.test(value));
    const isKnown = new Set([...NAMES.map((name) => JSON.stringify(name)), ...all.map(({ name }) => name)]);
    const isStorable = all.every(({ value }) => {
      const parsed: unknown = JSON.parse(value);
      return typeof parsed !== "string" || (parsed.isWellFormed() && !parsed.includes("\0"));
    });
    return {
      json: `{${written.join(",") || gap()}}`,
      isUsual:
        isFlat &&
        isStorable &&
        isKnown.size === NAMES.length &&
        new Set(all.map(({ name }) => name)).size === all.length,
    };
  });

describe("a record", () => {
  it("of the usual shape is read as JSON.parse reads it, at any offset; any other is left to JSON.parse", () => {
    fc.assert(
      fc.property(records, fc.constantFrom("", "[", '{"Id":"ß"},'), ({ json, isUsual }, before) => {
        const bytes = Buffer.from(`${before}${json},{"Id":1}]`);
        const start = Buffer.byteLength(before);
        const end = start + Buffer.byteLength(json);
        expect(scanner.scan(bytes, start, bytes.length)).toBe(isUsual ? end : NOT_SCANNED);
        expect(scanner.scan(bytes, start, end)).toBe(isUsual ? end : NOT_SCANNED);
        if (isUsual) expect(contentsOf(scannedFields)).toEqual(parsedContents(json));
      }),
      { numRuns: 1000 },
    );
  });

  it("that is cut anywhere is not read, and nothing after the limit is read", () => {
    fc.assert(
      fc.property(records, ({ json }) => {
        const bytes = Buffer.from(json);
        for (let limit = 0; limit < bytes.length; limit += 1) {
          expect(scanner.scan(bytes, 0, limit)).toBe(NOT_SCANNED);
          expect(scanner.scan(Buffer.from(bytes.subarray(0, limit)), 0, limit)).toBe(NOT_SCANNED);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("that JSON.parse rejects is not read, whichever byte is wrong", () => {
    const bytesThatMatter = fc.oneof(
      fc.constantFrom(...Buffer.from('{}[],:"\\ \t\n0189-+.eEutfnrb/a\0\u001f\u007f')),
      fc.integer({ min: 0, max: 0x7f }),
    );
    const change = fc.record({ at: fc.nat(), remove: fc.nat(1), insert: fc.option(bytesThatMatter) });
    let read = 0;
    fc.assert(
      fc.property(records, fc.array(change, { minLength: 1, maxLength: 40 }), ({ json }, changes) => {
        for (const { at, remove, insert } of changes) {
          const changed = [...Buffer.from(json)];
          changed.splice(at % changed.length, remove, ...(insert === null ? [] : [insert]));
          const bytes = Buffer.from(changed);
          if (!isUtf8(bytes)) continue;
          const end = scanner.scan(bytes, 0, bytes.length);
          if (end === NOT_SCANNED) continue;
          expect(contentsOf(scannedFields)).toEqual(parsedContents(bytes.toString("utf8", 0, end)));
          read += 1;
        }
      }),
      { numRuns: 500 },
    );
    expect(read, "changed records that are still JSON").toBeGreaterThan(100);
  });

  it.each([
    "{,}",
    '{"Id":1,}',
    '{"Id":01}',
    '{"Id":-}',
    '{"Id":1.}',
    '{"Id":.5}',
    '{"Id":+1}',
    '{"Id":1e}',
    '{"Id":1e+}',
    '{"Id":0x1}',
    '{"Id":nul}',
    '{"Id":nulL}',
    '{"Id":True}',
    '{"Id":NaN}',
    '{"Id":}',
    '{"Id"}',
    '{"Id" 1}',
    '{"Id":1 "Id2":2}',
    '{"Id2":"\t"}',
    '{"Id2":"\\\n"}',
    '{"Id2":"\\x41"}',
    '{"Id2":"\\u00g0"}',
    '{"Id2":"\\u12"}',
    '{"Id2":"\\"}',
    "{'Id':1}",
    "{Id:1}",
    '{"Id":1]',
    '\u00a0{"Id":1}',
    '{"Id":\u00a01}',
    '["Id",1]',
    "1",
    "",
  ])("is not %j", (json) => {
    const bytes = Buffer.from(json);
    expect(scanner.scan(bytes, 0, bytes.length)).toBe(NOT_SCANNED);
  });

  it("has the same texts with any byte at any place, before or after an escape", () => {
    for (const around of [
      ["", ""],
      ["\\n", "ß"],
      ["ÿ\\\\", "\\u00e9"],
    ] as const) {
      for (let byte = 0; byte < 0x80; byte += 1) {
        for (let at = 0; at <= 9; at += 1) {
          const text = `${"a".repeat(at)}${String.fromCharCode(byte)}${"z".repeat(9 - at)}`;
          const bytes = Buffer.from(`{"Id2":"${around[0]}${text}${around[1]}"}`);
          const standsForItself = byte >= 0x20 && byte !== 0x22 && byte !== 0x5c;
          const isRead = scanner.scan(bytes, 0, bytes.length) === bytes.length;
          if (standsForItself) expect(isRead, bytes.toString()).toBe(true);
          if (isRead) expect(contentsOf(scannedFields)).toEqual(parsedContents(bytes.toString()));
          if (byte < 0x20) expect(isRead, JSON.stringify(bytes.toString())).toBe(false);
        }
      }
    }
  });

  it("may contain more than fits into the scratch buffer, in one value or in many", () => {
    const long = "x\\n".repeat(10_000);
    const json = `{"Id2":"a\\t","TS-Date":"${long}","Größe 😀":"\\u0062${long}","TS-Date of":"${long}"}`;
    const bytes = Buffer.from(json);
    expect(scanner.scan(bytes, 0, bytes.length)).toBe(bytes.length);
    expect(contentsOf(scannedFields)).toEqual(parsedContents(json));
  });
});

/** How many of a document's records there are, and how many of them are left to JSON.parse. */
function tally(view: View, chunks: Iterable<Buffer>) {
  const viewScanner = new RecordScanner(new RecordFields(view.columns.map((column) => column.field)));
  const framer = new RecordFramer(Number.MAX_SAFE_INTEGER);
  let left = 0;
  for (const chunk of chunks) {
    framer.push(chunk, (bytes, start, end) => {
      if (viewScanner.scan(bytes, start, end) !== end) left += 1;
    });
  }
  framer.finish();
  return { records: framer.records, left };
}

describe.each([
  ["tickets", tickets],
  ["comments", comments],
  ["timesheets", timesheets],
] as const)("the records of %s", (name, view) => {
  it("that are simulated are scanned, except for one in a hundred", () => {
    const scale = parseScale("small")!;
    const { records: count, left } = tally(view, simulatedDocument({ view: name, seed: 7, scale, day: 3 }));
    expect(count).toBeGreaterThan(1000);
    expect(left / count).toBeLessThan(0.01);
  });

  describeWithSharedData(`the real ${name}`, `${name}.json.gz`, (path) => {
    it("are scanned, except for one in a hundred", () => {
      const { records: count, left } = tally(view, [gunzipSync(readFileSync(path))]);
      expect(count).toBeGreaterThan(1000);
      expect(left / count).toBeLessThan(0.01);
    });
  });
});

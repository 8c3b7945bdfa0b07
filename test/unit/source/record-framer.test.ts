import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OtcError } from "../../../src/errors/otc-error.ts";
import { RecordFramer } from "../../../src/json/record-framer.ts";
import { SourceError } from "../../../src/errors/source-error.ts";

const MANY = 1_000_000;

/** The texts of the records, as they were handed out. */
function frame(chunks: readonly Buffer[], maxRecordBytes = 64 * MANY): string[] {
  const framer = new RecordFramer(maxRecordBytes);
  const records: string[] = [];
  for (const chunk of chunks) {
    framer.push(chunk, (bytes, start, end) => records.push(bytes.toString("utf8", start, end)));
  }
  framer.finish();
  expect(framer.records).toBe(records.length);
  expect(framer.bytes).toBe(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  return records;
}

/** The document cut at each of the places. */
function cutAt(document: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [0, ...places.map((place) => place % (document.length + 1)), document.length].sort(
    (a, b) => a - b,
  );
  return sorted.slice(1).map((end, index) => document.subarray(sorted[index], end));
}

const oneByOne = (document: Buffer) => cutAt(document, [...document.keys()]);

/** What goes wrong with a document, whole and byte by byte: always the same. */
function failureOf(document: string | Buffer, maxRecordBytes?: number): SourceError {
  const bytes = Buffer.from(document as string);
  const failures = [[bytes], oneByOne(bytes)].map((chunks) => {
    try {
      frame(chunks, maxRecordBytes);
    } catch (error) {
      return error as SourceError;
    }
    throw new Error("The document was accepted.");
  });
  const [whole, inBytes] = failures;
  expect(whole).toBeInstanceOf(SourceError);
  expect(inBytes).toBeInstanceOf(SourceError);
  expect(inBytes?.code).toBe(whole?.code);
  return whole as SourceError;
}

const space = fc.stringMatching(/^[ \t\r\n]{0,3}$/);

/** JSON of any value, with white space inside and some characters written as escapes. */
const json = fc
  .tuple(
    fc.oneof(
      fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 }),
      fc.jsonValue({ maxDepth: 1, depthSize: "xsmall" }),
      fc.constantFrom('"', "\\", '\\"', "}{", "][", ",", "ß€😀", { 'a"}]': ["\\", "]"] }, []),
    ),
    fc.constantFrom("", " ", "\t"),
    fc.boolean(),
  )
  .map(([value, indent, escaped]) => {
    const written = JSON.stringify(value, null, indent);
    return escaped
      ? written.replace(/[^ -~\s]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
      : written;
  });

type Fields = readonly (readonly [string, string])[];

/** Fields that may stand beside the list, none of which is the list. */
const siblings = fc.array(
  fc.oneof(
    fc.tuple(
      fc.string().filter((name) => name !== "data" && name !== "message"),
      json,
    ),
    fc.constantFrom(
      ["status", '"[\\"data\\":["'],
      ["result", '{"data":[1,2]}'],
      ["outer", '{"message":{"data":[1,2]}}'],
      ["columns", '["data",["message"]]'],
      ["message/data", "[3]"],
    ),
  ),
  { maxLength: 2 },
);

const documents = fc
  .record({
    records: fc.array(fc.tuple(space, json, space), { maxLength: 5 }),
    envelope: fc.constantFrom("list", "data", "message"),
    siblings: fc.tuple(siblings, siblings, siblings, siblings),
    spaces: fc.infiniteStream(space),
    mark: fc.boolean(),
  })
  .map(({ records, envelope, siblings: [a, b, c, d], spaces, mark }) => {
    const gap = () => String(spaces.next().value);
    const members = (fields: Fields) =>
      fields.map(([name, value]) => `${gap()}${JSON.stringify(name)}${gap()}:${gap()}${value}${gap()}`);
    const object = (before: Fields, name: string, value: string, after: Fields) =>
      `{${[...members(before), ...members([[name, value]]), ...members(after)].join(",")}}`;
    const inner = records.map((parts) => parts.join("")).join(",") || gap();
    const list = `[${inner}]`;
    const data = envelope === "list" ? list : object(a, "data", list, b);
    const text = envelope === "message" ? object(c, "message", data, d) : data;
    return {
      records: records.map(([, record]) => record),
      bytes: Buffer.from(`${mark ? "\uFEFF" : ""}${gap()}${text}`),
    };
  });

describe("the records of a document", () => {
  it("are found exactly, in any envelope, wherever the chunks are cut", () => {
    fc.assert(
      fc.property(documents, fc.array(fc.nat(), { maxLength: 20 }), ({ records, bytes }, places) => {
        expect(frame(cutAt(bytes, places))).toEqual(records);
        expect(frame(oneByOne(bytes))).toEqual(records);
      }),
      { numRuns: 400 },
    );
  });

  it("are incomplete if any end of the document is missing", () => {
    fc.assert(
      fc.property(documents, ({ bytes }) => {
        for (let length = 0; length < bytes.length; length += 1) {
          let problem: unknown;
          try {
            frame([bytes.subarray(0, length)]);
          } catch (error) {
            problem = error;
          }
          expect(problem, bytes.toString("utf8", 0, length)).toBeInstanceOf(SourceError);
          expect((problem as SourceError).code).toBe("document");
        }
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ["in a bare list", '[{"a":1},{"b":2}]'],
    ["in data", '{"data":[{"a":1},{"b":2}]}'],
    ["in message.data", '{"message":{"data":[{"a":1},{"b":2}]}}'],
    [
      "behind other fields",
      '{"code":0,"tags":["data"],"x":{"data":[9]},"message":{"n":[],"data":[{"a":1},{"b":2}]}}',
    ],
    ["before other fields", '{"message":{"data":[{"a":1},{"b":2}],"n":[[]]},"code":{"data":[9]}}'],
    ["behind a byte order mark", '\uFEFF[{"a":1},{"b":2}]'],
    ["with white space all around", ' \r\n\t[ \n{"a":1} \t,\r {"b":2} ] \n'],
  ])("are found %s", (_where, document) => {
    expect(frame([Buffer.from(document)])).toEqual(['{"a":1}', '{"b":2}']);
    expect(frame(oneByOne(Buffer.from(document)))).toEqual(['{"a":1}', '{"b":2}']);
  });

  it("may be none", () => {
    for (const document of ["[]", "[ \n ]", '{"data":[]}', '{"message":{"data":[ ]}}']) {
      expect(frame([Buffer.from(document)])).toEqual([]);
      expect(frame(oneByOne(Buffer.from(document)))).toEqual([]);
    }
  });

  it("may be scalars and lists too", () => {
    const records = ["1", "-1.5e+3", "true", "null", '"a,b]"', "[]", "[[1,2],[]]", "{}", '""'];
    const document = Buffer.from(`[${records.join(" ,")}]`);
    expect(frame([document])).toEqual(records);
    expect(frame(oneByOne(document))).toEqual(records);
  });

  it("may hold quotes, backslashes and brackets in their strings", () => {
    const records = [
      String.raw`{"a":"\"","b":"}"}`,
      String.raw`{"a":"\\","b":"\\\""}`,
      String.raw`{"{[":"]},{"}`,
      String.raw`"\\\\\""`,
      String.raw`["\u0022","\\u0022"]`,
    ];
    const document = Buffer.from(`{"data":[${records.join(",")}]}`);
    expect(frame([document])).toEqual(records);
    expect(frame(oneByOne(document))).toEqual(records);
  });

  it("may have characters that are split between chunks", () => {
    const records = ['{"é":"€ 😀 ẞ"}', '"日本"'];
    expect(frame(oneByOne(Buffer.from(`[${records.join(",")}]`)))).toEqual(records);
  });

  it("keep bytes that are not UTF-8 for the caller to check", () => {
    const document = Buffer.concat([Buffer.from('[{"a":"'), Buffer.from([0xff, 0xc3]), Buffer.from('"}]')]);
    let record: Buffer | undefined;
    const framer = new RecordFramer(100);
    framer.push(document, (bytes, start, end) => (record = Buffer.from(bytes.subarray(start, end))));
    framer.finish();
    expect(record).toEqual(document.subarray(1, -1));
  });

  it("may be nested a million deep", () => {
    const deep = `${"[".repeat(MANY)}${"]".repeat(MANY)}`;
    expect(frame([Buffer.from(`[${deep},1]`)])).toEqual([deep, "1"]);
    const objects = `${'{"a":'.repeat(MANY)}1${"}".repeat(MANY)}`;
    expect(frame([Buffer.from(`{"data":[${objects}]}`)])).toEqual([objects]);
  });

  it("are counted, with the bytes of the document, while it is being received", () => {
    const framer = new RecordFramer(100);
    framer.push(Buffer.from('[{"a":1},{"b'), () => undefined);
    expect([framer.records, framer.bytes]).toEqual([1, 12]);
    framer.push(Buffer.from('":2}'), () => undefined);
    expect([framer.records, framer.bytes]).toEqual([2, 16]);
  });
});

describe("a record's size", () => {
  const record = `{"a":"${"x".repeat(92)}"}`;

  it("may be the limit, in one chunk or many", () => {
    expect(record).toHaveLength(100);
    expect(frame([Buffer.from(`[${record}]`)], 100)).toEqual([record]);
    expect(frame(oneByOne(Buffer.from(`[${record} , ${record}]`)), 100)).toEqual([record, record]);
  });

  it("may not exceed it, and the message names the setting", () => {
    for (const document of [`[1,${record}]`, `[1,"${"x".repeat(98)}"]`, `[1,${"1".repeat(100)}]`]) {
      const failure = failureOf(document, 99);
      expect(failure.message).toBe("Record 2 of the document is larger than 99 bytes.");
      expect(failure.remedy).toContain("OTC_MAX_RECORD_BYTES");
      expect(failure.retryable).toBe(false);
    }
  });

  it("stops an endless record before its end", () => {
    const framer = new RecordFramer(1000);
    framer.push(Buffer.from('["'), () => undefined);
    expect(() => {
      for (let pushed = 0; pushed < 20; pushed += 1) framer.push(Buffer.alloc(100, "x"), () => undefined);
    }).toThrow(OtcError);
    expect(framer.bytes).toBeLessThan(1200);
  });
});

describe("an invalid document", () => {
  it.each([
    ["an empty body", "", "The response is empty.", false],
    ["a blank body", " \n ", "The response is empty.", false],
    ["a byte order mark alone", "\uFEFF", "The response is empty.", false],
    ["a web page", "<!DOCTYPE html><title>Log in</title>", "The response is a web page", false],
    [
      "a web page with brackets",
      '<html><!--[if IE]>{"data":[1]}<![endif]--></html>',
      "The response is a web page",
      false,
    ],
    [
      "an error object",
      '{"error":"No such view","code":17}',
      'contains no list of records: "{\\"error\\"',
      false,
    ],
    ["an error in message", '{"message":"down for maintenance"}', "contains no list of records", false],
    ["null for the list", '{"message":{"data":null}}', "contains no list of records", false],
    ["an object for the list", '{"data":{"a":[1]}}', "contains no list of records", false],
    [
      "a list elsewhere",
      '{"records":[1],"message":{"items":[1]},"x":{"data":[1]}}',
      "contains no list of records",
      false,
    ],
    ["a list by a name like a path", '{"message/data":[1]}', "contains no list of records", false],
    ["a scalar", "null", "contains no list of records", false],
    ["a text", '"[1]"', "contains no list of records", false],
    ["plain words", "upstream error [502]", "not JSON, or was cut short", true],
    ["zero bytes", "\0\0\0\0", "not JSON, or was cut short", true],
    ["zero bytes before the list", "\0[1]", "not JSON, or was cut short", true],
  ])("that is %s is rejected", (_case, document, message, retryable) => {
    const failure = failureOf(document);
    expect(failure.code).toBe("document");
    expect(failure.message).toContain(message);
    expect(failure.retryable).toBe(retryable);
  });

  it.each([
    ["[1] x", 'does not end as JSON must: "x" follows'],
    ["[1]]", "does not end as JSON must"],
    ["[1],", "does not end as JSON must"],
    ["[1][2]", "does not end as JSON must"],
    ["[1]\0", "does not end as JSON must"],
    ['{"data":[1]', "does not end as JSON must: nothing follows"],
    ['{"data":[1],}', "does not end as JSON must"],
    ['{"data":[1]]', "does not end as JSON must"],
    ['{"a" "data":[1]}', "does not end as JSON must"],
    ["[1", "is incomplete: it ends after 0 records and 2 bytes"],
    ["[1,", "is incomplete: it ends after 1 record and"],
    ['[{"a":1}', "is incomplete: it ends after 1 record and"],
    ['[{"a":"]}', "is incomplete: it ends after 0 records"],
    ["[,1]", 'after record 0, "," was found where a record was expected'],
    ["[1,]", 'after record 1, "]" was found where a record was expected'],
    ["[1,,2]", 'after record 1, "," was found where a record was expected'],
    ["[1 2]", 'after record 1, "2" was found where a comma'],
    ['[{}"x"]', 'after record 1, "\\"" was found where a comma'],
    ["[{}}]", 'after record 1, "}" was found where a comma'],
  ])("that is almost valid (%s) is rejected, and retryable", (document, message) => {
    const failure = failureOf(document);
    expect(failure.code).toBe("document");
    expect(failure.message).toContain(message);
    expect(failure.retryable).toBe(true);
  });

  it("is rejected when a million lists open and none closes", () => {
    const chunks = [Buffer.from("[".repeat(MANY))];
    expect(() => frame(chunks)).toThrow("is incomplete");
    expect(() => frame([Buffer.from(`{"x":${"[".repeat(MANY)}`)])).toThrow("not JSON, or was cut short");
    expect(() => frame([Buffer.from(`[]${"]".repeat(MANY)}`)])).toThrow("does not end as JSON must");
  });

  it("is rejected as soon as a megabyte has arrived without a list, or after it", () => {
    const framer = new RecordFramer(100);
    const push = (text: string) => {
      framer.push(Buffer.from(text), () => undefined);
    };
    push('{"x":"');
    expect(() => {
      for (let pushed = 0; pushed < 30; pushed += 1) push("x".repeat(50_000));
    }).toThrow("not JSON, or was cut short");

    const ended = new RecordFramer(100);
    ended.push(Buffer.from("[]"), () => undefined);
    expect(() => {
      for (let pushed = 0; pushed < 30; pushed += 1) ended.push(Buffer.alloc(50_000, " "), () => undefined);
    }).toThrow("follow the list of records");
  });

  it("is quoted shortened and without control characters", () => {
    const { message } = failureOf(`\u001b[31m${"x".repeat(5000)}`);
    expect(message).toContain(String.raw`\u001b[31m`);
    expect(message.length).toBeLessThan(300);
  });
});

/** A name spelled plainly, or with one of its letters escaped. */
const spelledName = fc
  .tuple(fc.constantFrom("data", "message", "records"), fc.option(fc.nat({ max: 3 })))
  .map(([name, escaped]) => {
    if (escaped === null) return JSON.stringify(name);
    const code = name.charCodeAt(escaped).toString(16).padStart(4, "0");
    return `"${name.slice(0, escaped)}\\u${code}${name.slice(escaped + 1)}"`;
  });

const { envelopeText } = fc.letrec<{ envelopeText: string; object: string }>((tie) => ({
  envelopeText: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom("5", "null", '"data"', "[]"),
    fc.array(fc.nat({ max: 9 }), { maxLength: 3 }).map((records) => JSON.stringify(records)),
    tie("object"),
  ),
  object: fc
    .array(fc.tuple(spelledName, tie("envelopeText")), { maxLength: 4 })
    .map((members) => `{${members.map(([name, value]) => `${name}:${value}`).join(",")}}`),
}));

/** The records of a document as JSON.parse reads it. */
function parsedRecords(document: string): unknown[] {
  type Envelope = { data?: unknown; message?: { data?: unknown } | null } | null;
  const root = JSON.parse(document) as Envelope | unknown[];
  const lists = Array.isArray(root) ? [root] : [root?.data, root?.message?.data].filter(Array.isArray);
  return lists.length === 1 ? (lists[0] as unknown[]) : expect.fail(`${lists.length} lists: ${document}`);
}

describe("an envelope that names the list, or what holds it, more than once", () => {
  it("is rejected, or has the records that JSON.parse returns", () => {
    let accepted = 0;
    fc.assert(
      fc.property(envelopeText, (document) => {
        let records: string[];
        try {
          records = frame([Buffer.from(document)]);
        } catch (error) {
          expect(error).toBeInstanceOf(SourceError);
          return;
        }
        accepted += 1;
        expect(records.map((record) => JSON.parse(record) as unknown)).toEqual(parsedRecords(document));
        expect(frame(oneByOne(Buffer.from(document)))).toEqual(records);
      }),
      { numRuns: 5000 },
    );
    expect(accepted).toBeGreaterThan(100);
  });

  it.each([
    ['{"data":[1],"data":5}'],
    ['{"data":[1],"data":[2]}'],
    ['{"data":[1],"data":[]}'],
    ['{"data":[1],"d\\u0061ta":5}'],
    ['{"message":{"data":[1]},"message":5}'],
    ['{"message":{"data":[1],"data":[2]}}'],
    ['{"message":{"data":[1]},"mess\\u0061ge":{"data":[2]}}'],
    ['{"message":{"data":[1]},"data":[2]}'],
    ['{"data":[1],"message":{"data":[2]}}'],
  ])("is refused when there is a doubt: %s", (document) => {
    const failure = failureOf(document);
    expect(failure).toMatchObject({
      code: "document",
      retryable: false,
      message: expect.stringContaining("names its list of records more than once"),
      remedy: expect.stringContaining("OTC team"),
    });
  });

  it.each([
    ['{"d\\u0061ta":[1]}'],
    ['{"data":5,"data":[1]}'],
    ['{"meta":{"a":1,"a":2},"data":[1],"code":1,"code":2}'],
    ['{"message":5,"data":[1]}'],
    ['{"data":[1],"message":"ok","records":[2]}'],
  ])("has one where there is no doubt: %s", (document) => {
    expect(frame([Buffer.from(document)])).toEqual(["1"]);
    expect(frame(oneByOne(Buffer.from(document)))).toEqual(["1"]);
  });
});

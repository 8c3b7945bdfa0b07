import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { describeKey } from "../../../src/views/record-converter.ts";
import type { SourceRecord } from "../../../src/views/parsed-record.ts";
import { timeZoneNamed } from "../../../src/views/values/time-zone.ts";
import { boolean, defineView, integer, numeric, text, timestamp } from "../../../src/views/view.ts";
import { ConvertedRecords } from "../../support/converted-records.ts";
import { jsonScalar } from "../../support/json-arbitraries.ts";

const zone = await timeZoneNamed("Australia/Sydney");

const view = defineView({
  name: "entries",
  order: 1,
  columns: [
    integer("Id", { key: "required" }),
    text("From", { key: "nullable" }),
    text("Note"),
    timestamp("Made", { as: "made_at" }),
    numeric("Hours"),
    boolean("Billable"),
  ],
});

/** What becomes of records given as JSON, all converted by one converter. */
function convertAll(jsons: readonly string[]) {
  const records = new ConvertedRecords(view, zone);
  return { records, results: jsons.map((json) => records.convert(json)) };
}

const convert = (json: string) => convertAll([json]).results[0];

describe("a record", () => {
  it("becomes a row: a value for each column in the view's order and, last, extra", () => {
    const json =
      '{"Billable":"Yes","Hours":"7,5","Made":"5/3/2016 9:30","Note":"x","From":"09:30","Id":"12"}';
    expect(convert(json)).toEqual(["12", "09:30", "x", "2016-03-04T22:30:00Z", "7.5", "t", null]);
  });

  it("needs only its key: absent fields are null", () => {
    expect(convert('{"Id":1}')).toEqual(["1", null, null, null, null, null, null]);
  });

  it("has null for empty texts in key columns and columns of other types, and keeps empty texts elsewhere", () => {
    const json = '{"Id":1,"From":"","Note":"","Made":"","Hours":"","Billable":""}';
    expect(convert(json)).toEqual(["1", null, "", null, null, null, null]);
  });

  it("keeps unknown fields in extra", () => {
    expect(convert('{"Id":1,"Colour":"red","__proto__":{"a":1}}')).toEqual([
      "1",
      null,
      null,
      null,
      null,
      null,
      '{"Colour":"red","__proto__":{"a":1}}',
    ]);
  });

  it.each(["9007199254740993", "0.10", "1e400", "0.1234567890123456789", "1.0", "1E2", "-0"])(
    "keeps the digits of a number in a text column: %s",
    (digits) => {
      expect(convert(`{"Id":1,"Note":${digits}}`)).toMatchObject({ 2: digits });
      expect(convert(`{"Id":1,"Note":{"n":[${digits}]}}`)).toMatchObject({ 2: `{"n":[${digits}]}` });
    },
  );

  it("contains nothing of the record before it", () => {
    const all = '"From":"09:30","Note":"a\\nb","Made":"5/3/2016","Hours":7.5,"Billable":true';
    const { results } = convertAll([
      `{"Id":1,${all}}`,
      '{"Id":2}',
      `{"Id":3,${all},"Colour":"red"}`,
      '{"Id":4}',
    ]);
    expect(results[0]).toEqual(["1", "09:30", "a\nb", "2016-03-04T13:00:00Z", "7.5", "t", null]);
    expect(results[1]).toEqual(["2", null, null, null, null, null, null]);
    expect(results[2]).toEqual([
      "3",
      "09:30",
      "a\nb",
      "2016-03-04T13:00:00Z",
      "7.5",
      "t",
      '{"Colour":"red"}',
    ]);
    expect(results[3]).toEqual(["4", null, null, null, null, null, null]);
  });

  it("is converted alike whether it is scanned or parsed, whatever its values", () => {
    const value = fc.oneof(
      { weight: 3, arbitrary: jsonScalar },
      {
        weight: 1,
        arbitrary: fc.constantFrom('"7,50"', '"5/3/2016"', '"2016-03-05T09:30Z"', '"YES"', "1.0", "[1.0]"),
      },
    );
    const records = new ConvertedRecords(view, zone);
    fc.assert(
      fc.property(
        fc.constantFrom("Id", "From", "Note", "Made", "Hours", "Billable"),
        value,
        (field, json) => {
          records.convert(field === "Id" ? `{"Id":${json}}` : `{"${field}":${json},"Id":"7"}`);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("keeps every text unchanged", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (note) => {
        expect(convert(JSON.stringify({ Id: 1, From: note, Note: note }))).toMatchObject({
          1: note,
          2: note,
        });
      }),
    );
  });
});

describe("a record that cannot be converted", () => {
  it.each([
    ['{"Id":1,"Made":"5/13/2016"}', "invalid_timestamp", "Made", 'Made is "5/13/2016": '],
    ['{"Id":1,"Hours":"much"}', "invalid_numeric", "Hours", 'Hours is "much": '],
    ['{"Id":1,"Billable":"maybe"}', "invalid_boolean", "Billable", 'Billable is "maybe": '],
    ['{"Id":"x"}', "invalid_integer", "Id", 'Id is "x": '],
    ['{"Id":1,"Hours":1e400}', "invalid_numeric", "Hours", "Hours is 1e400: "],
    ['{"Id":[1]}', "invalid_integer", "Id", "Id is a list: "],
    ['{"Id":1,"Made":{}}', "invalid_timestamp", "Made", "Made is an object: "],
    ['{"Id":null}', "missing_key", "Id", "Id is null, but it is part of the key."],
    ['{"Id":""}', "missing_key", "Id", 'Id is "", but it is part of the key.'],
    ["{}", "missing_key", "Id", "Id is absent, but it is part of the key."],
  ])("says why: %s", (json, reason, field, message) => {
    expect(convert(json)).toEqual({ reason, field, message: expect.stringContaining(message) });
  });

  it("quotes a value shortened and without control characters", () => {
    const rejection = convert(JSON.stringify({ Id: `\u001b[31m\n${"x".repeat(1_000_000)}` }));
    const { message } = rejection as { message: string };
    expect(message).toMatch(/^Id is "\\u001b\[31m\\nx+…: not a whole number\.$/);
    expect(message.length).toBeLessThan(120);
  });

  it.each([
    ["a field of the view", "Note"],
    ["an unknown field", "Other"],
  ])("because %s is nested too deep is rejected for that, whatever else it holds", (_case, field) => {
    const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
    for (const number of ["1", "1.5", "9007199254740993"]) {
      expect(convert(`{"Id":1,"From":${number},"${field}":${deep}}`)).toMatchObject({
        reason: "too_deep",
        field,
      });
    }
  });
});

describe("what a converter collects", () => {
  it("includes the unknown fields with their counts, and the fields that no record had", () => {
    const { records } = convertAll([
      '{"Id":1,"Colour":"red","Note":null}',
      '{"Id":2,"Colour":"blue","Size":1}',
      '{"Id":"bad","Hours":1}',
    ]);
    expect([...records.drift.unknownFields]).toEqual([
      ["Colour", 2],
      ["Size", 1],
    ]);
    expect(records.drift.absentFields).toEqual(["From", "Made", "Billable"]);
  });

  it("includes the fields of rejected records that follow the bad field", () => {
    const { records } = convertAll([
      '{"Id":1}',
      '{"Id":2,"Made":"?","Hours":1,"Colour":"red"}',
      '{"From":"09:30","Billable":true,"Size":1}',
      '{"Id":3,"Note":"","Hours":null,"Shape":[[],{}],"Billable":"perhaps"}',
    ]);
    expect(records.drift).toEqual({
      records: 4,
      unknownFields: new Map([
        ["Colour", 1],
        ["Size", 1],
        ["Shape", 1],
      ]),
      absentFields: [],
    });
    expect(records.rejectedFields).toEqual({
      records: 3,
      filled: new Map([
        ["Id", 2],
        ["From", 1],
        ["Note", 0],
        ["Made", 1],
        ["Hours", 1],
        ["Billable", 2],
      ]),
    });
  });

  it("includes the characters that it repaired, in texts and in extra", () => {
    const { records, results } = convertAll([
      String.raw`{"Id":1,"Note":"a\u0000b","Other":"\ud800"}`,
      String.raw`{"Id":2,"Note":"\udc00"}`,
    ]);
    expect(results).toMatchObject([{ 2: "ab", 6: '{"Other":"�"}' }, { 2: "�" }]);
    expect(records.repairs).toEqual({ nulsRemoved: 1, surrogatesReplaced: 2 });
  });
});

describe("a record's key", () => {
  it("is readable", () => {
    const described = (json: string): string => describeKey(view, JSON.parse(json) as SourceRecord, json);
    expect(described('{"Id":91906,"From":"09:30","Note":"x"}')).toBe('Id=91906, From="09:30"');
    expect(described('{"Id":"12","From":null}')).toBe('Id="12", From=null');
    expect(described("{}")).toBe("Id=absent, From=absent");
  });

  it("and the message have a number as it was sent, also one that JSON.parse rounds", () => {
    const long = "9".repeat(1000);
    for (const [number, shown] of [
      ["9007199254740993", "9007199254740993"],
      ["-1e400", "-1e400"],
      [long, `${long.slice(0, 80)}…`],
    ] as const) {
      for (const rest of ["", `,"Other":{"Id":1}`]) {
        const json = `{"Id":${number}${rest}}`;
        expect(convert(json)).toMatchObject({
          message: expect.stringContaining(`Id is ${shown}: a JSON number`),
        });
        expect(describeKey(view, JSON.parse(json) as SourceRecord, json)).toBe(`Id=${shown}, From=absent`);
      }
    }
    const deep = `{"Id":9007199254740993,"Other":${"[".repeat(200_000)}${"]".repeat(200_000)}}`;
    expect(convert(deep)).toMatchObject({
      message: expect.stringContaining("Id is 9007199254740992: a JSON"),
    });
  });
});

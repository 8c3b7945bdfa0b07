import fc from "fast-check";
import { expect, test } from "vitest";
import { CopyBinaryWriter } from "../../../src/database/copy/copy-binary.ts";
import { describeEachDatabase } from "../../support/each-database.ts";

/** A row as the writer takes it; a timestamp is in microseconds since 2000, with the literal for it beside. */
interface Row {
  readonly whole: bigint | null;
  readonly made: readonly [microseconds: bigint, literal: string] | null;
  readonly hours: string | null;
  readonly billable: boolean | null;
  readonly note: string | null;
  readonly extra: string | null;
}

const EMPTY: Row = { whole: null, made: null, hours: null, billable: null, note: null, extra: null };

/** The first and the last that PostgreSQL has (https://www.postgresql.org/docs/current/datatype-datetime.html). */
const FIRST_INSTANT = [-211_813_488_000_000_000n, "4714-11-24 00:00:00+00 BC"] as const;
const LAST_INSTANT = [9_223_371_331_199_999_999n, "294276-12-31 23:59:59.999999+00"] as const;

const AT_THE_LIMITS: readonly Row[] = [
  { ...EMPTY, whole: -(2n ** 63n), made: FIRST_INSTANT, hours: "1e131071", note: "", extra: "{}" },
  { ...EMPTY, whole: 2n ** 63n - 1n, made: LAST_INSTANT, hours: "-1e-16383", note: "€".repeat(50_000) },
  {
    ...EMPTY,
    whole: 0n,
    made: [0n, "2000-01-01 00:00:00+00"],
    hours: `-${"9".repeat(131_072)}.${"9".repeat(16_383)}`,
    note: "\\N",
  },
  { ...EMPTY, whole: -1n, made: [-1n, "1999-12-31 23:59:59.999999+00"], hours: "0.0000", note: "\\." },
  { ...EMPTY, whole: 2n ** 32n, hours: "-0e-20" },
  EMPTY,
];

const numerics = fc
  .tuple(
    fc.constantFrom("", "-", "+"),
    fc.stringMatching(/^(?:0{0,9}\d{1,40}|[1-9]0{0,20})$/),
    fc.option(fc.stringMatching(/^\.(?:0{0,9}\d{0,40}|\d0{0,20})$/), { nil: "" }),
    fc.option(
      fc.integer({ min: -300, max: 300 }).map((exponent) => `e${exponent}`),
      { nil: "" },
    ),
  )
  .map((parts) => parts.join(""));

/** Every character that PostgreSQL can hold. */
const texts = fc.string({ unit: "binary" }).map((text) => text.replaceAll("\0", ""));

const instants = fc
  .date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true })
  .map((date) => [BigInt(date.getTime() - Date.UTC(2000, 0, 1)) * 1000n, date.toISOString()] as const);

const rows: fc.Arbitrary<Row> = fc.record({
  whole: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  made: fc.option(instants),
  hours: fc.option(numerics),
  billable: fc.option(fc.boolean()),
  note: fc.option(texts),
  extra: fc.option(fc.dictionary(texts, texts).map((fields) => JSON.stringify(fields))),
});

function writeRow(writer: CopyBinaryWriter, row: Row, position: number): void {
  writer.beginRow();
  writer.writeInteger(position);
  if (row.whole === null) writer.writeNull();
  else writer.writeInteger(row.whole);
  if (row.made === null) writer.writeNull();
  else writer.writeTimestamp(row.made[0]);
  if (row.hours === null) writer.writeNull();
  else writer.writeNumeric(row.hours);
  if (row.billable === null) writer.writeNull();
  else writer.writeBoolean(row.billable);
  writer.writeText(row.note);
  if (row.extra === null) writer.writeNull();
  else writer.writeJson(row.extra);
  writer.endRow();
}

describeEachDatabase("rows copied in binary format", (target) => {
  test("equal the values that the server reads from literals", async () => {
    const database = await (await target.fresh({ migrated: false })).open().database();
    const seed = Date.now();
    const copied = [...AT_THE_LIMITS, ...fc.sample(rows, { numRuns: 500, seed })];

    async function* pieces(): AsyncGenerator<Buffer> {
      const writer = new CopyBinaryWriter(7);
      for (const [index, row] of copied.entries()) {
        writeRow(writer, row, index);
        if (index % 100 === 0) yield writer.take();
      }
      yield await Promise.resolve(writer.take());
    }

    const different = await database.transaction(async (transaction) => {
      await transaction.query(
        `create temporary table copied (
           position bigint, whole bigint, made timestamptz, hours numeric, billable boolean, note text, extra jsonb
         ) on commit drop`,
      );
      const columns = "position, whole, made, hours, billable, note, extra";
      expect(await transaction.copyIn(`copied (${columns})`, pieces())).toBe(copied.length);

      const literals = copied.map((row, position) => ({
        ...row,
        position,
        whole: row.whole?.toString(),
        made: row.made?.[1],
      }));
      const { rows: found } = await transaction.query(
        `select * from (
           select position,
             copied.whole is distinct from literal.whole::bigint as whole,
             copied.made is distinct from literal.made::timestamptz as made,
             copied.hours is distinct from literal.hours::numeric as hours,
             copied.hours::text is distinct from literal.hours::numeric::text as scale,
             copied.billable is distinct from literal.billable::boolean as billable,
             copied.note is distinct from literal.note as note,
             copied.extra is distinct from literal.extra::jsonb as extra
           from json_to_recordset($1::json)
             as literal (position bigint, whole text, made text, hours text, billable text, note text, extra text)
           full join copied using (position)
         ) as differences
         where whole or made or hours or scale or billable or note or extra`,
        [JSON.stringify(literals)],
      );
      return found;
    });
    expect(different, `fc.sample with seed ${seed}`).toEqual([]);
  });
});

import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { describe, expect, it } from "vitest";
import { timeZoneNamed } from "../../../../src/views/values/time-zone.ts";
import { ConvertedValues } from "../../../support/converted-records.ts";

const ZONES = [
  "UTC",
  "Europe/Vienna",
  "America/New_York",
  "America/St_Johns",
  "Australia/Adelaide",
  "Australia/Lord_Howe",
  "Asia/Kolkata",
  "Asia/Kathmandu",
  "Pacific/Apia",
  "Africa/Casablanca",
  // Change their clocks in the evening.
  "Pacific/Easter",
  "America/Nuuk",
];

const zones = new Map<string, ConvertedValues>();
for (const name of ZONES) zones.set(name, new ConvertedValues("timestamp", await timeZoneNamed(name)));

const convert = (value: unknown, zone = "UTC") => zones.get(zone)!.convert(value);

/** Nanoseconds since the epoch of what a value is converted to. */
function instantOf(converted: unknown): bigint {
  expect(converted).toBeTypeOf("string");
  return Temporal.Instant.from(converted as string).epochNanoseconds;
}

function utcNanoseconds(wall: Temporal.PlainDateTime): bigint {
  return wall.toZonedDateTime("UTC").epochNanoseconds;
}

/** Wall times of the calendar's whole range, more of them in the years that offices work in. */
const wallTimes = fc
  .record({
    year: fc.oneof(fc.integer({ min: 1, max: 9999 }), fc.integer({ min: 1990, max: 2040 })),
    month: fc.integer({ min: 1, max: 12 }),
    day: fc.integer({ min: 1, max: 31 }),
    hour: fc.integer({ min: 0, max: 23 }),
    minute: fc.integer({ min: 0, max: 59 }),
    second: fc.integer({ min: 0, max: 59 }),
  })
  .map((fields) => Temporal.PlainDateTime.from(fields, { overflow: "constrain" }));

const offsets = fc
  .record({ sign: fc.constantFrom("+", "-"), hours: fc.integer({ min: 0, max: 15 }), minutes: fc.nat(59) })
  .map(({ sign, hours, minutes }) => ({
    text: `${sign}${padded(hours)}:${padded(minutes)}`,
    seconds: (hours * 3600 + minutes * 60) * (sign === "-" ? -1 : 1),
  }));

function padded(number: number, width = 2): string {
  return String(number).padStart(width, "0");
}

const isoDate = (wall: Temporal.PlainDateTime) =>
  `${padded(wall.year, 4)}-${padded(wall.month)}-${padded(wall.day)}`;
const isoTime = (wall: Temporal.PlainDateTime) =>
  `${padded(wall.hour)}:${padded(wall.minute)}:${padded(wall.second)}`;

const NO_TIMESTAMP = { reason: "invalid_timestamp", field: "value" };

describe("a timestamp", () => {
  it("without a zone is the instant of its wall time in the configured zone, in any spelling", () => {
    const spellings = (wall: Temporal.PlainDateTime) => {
      const { day, month, hour, minute, second } = wall;
      const year = padded(wall.year, 4);
      const times = [`${padded(hour)}:${padded(minute)}:${padded(second)}`];
      times.push(`${hour}:${padded(minute)}:${padded(second)}`);
      if (second === 0) times.push(`${padded(hour)}:${padded(minute)}`, `${hour}:${padded(minute)}`);
      const dates = [`${day}/${month}/${year}`, `${padded(day)}/${padded(month)}/${year}`];
      const dayFirst = dates.flatMap((date) => times.map((time) => `${date} ${time}`));
      const iso = ["T", " "].flatMap((between) => [
        `${isoDate(wall)}${between}${isoTime(wall)}`,
        ...(second === 0 ? [`${isoDate(wall)}${between}${isoTime(wall).slice(0, 5)}`] : []),
      ]);
      const alone = isoTime(wall) === "00:00:00" ? [isoDate(wall), ...dates] : [];
      return [...iso, ...dayFirst, ...alone];
    };
    const times = fc
      .tuple(wallTimes, fc.constantFrom("second", "minute", "day"))
      .map(([wall, unit]) => wall.round({ smallestUnit: unit, roundingMode: "trunc" }));

    fc.assert(
      fc.property(times, fc.constantFrom(...ZONES), (wall, zone) => {
        const expected = wall.toZonedDateTime(zone, { disambiguation: "compatible" }).epochNanoseconds;
        for (const spelling of spellings(wall)) {
          expect(instantOf(convert(spelling, zone)), spelling).toBe(expected);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("near a change of clocks is Temporal's `compatible` instant, for any zone and change", () => {
    const moments = fc.record({
      zone: fc.constantFrom(...ZONES.filter((name) => name !== "UTC")),
      year: fc.integer({ min: 1980, max: 2035 }),
      which: fc.nat(3),
      minutes: fc.integer({ min: -200, max: 200 }),
    });
    fc.assert(
      fc.property(moments, ({ zone, year, which, minutes }) => {
        let change: Temporal.ZonedDateTime | null = Temporal.ZonedDateTime.from(
          `${year}-01-01T00:00[${zone}]`,
        );
        for (let skipped = 0; skipped <= which && change !== null; skipped += 1) {
          change = change.getTimeZoneTransition("next");
        }
        if (change === null) return;
        const wall = change.toPlainDateTime().add({ minutes });
        const converted = convert(`${isoDate(wall)} ${isoTime(wall)}`, zone);
        expect(instantOf(converted)).toBe(wall.toZonedDateTime(zone).epochNanoseconds);
      }),
      { numRuns: 300 },
    );
  });

  it("with a zone is the instant it names, whatever the configured zone", () => {
    fc.assert(
      fc.property(wallTimes, offsets, fc.constantFrom(...ZONES), (wall, { text, seconds }, zone) => {
        const expected = utcNanoseconds(wall);
        const before = BigInt(seconds) * 1_000_000_000n;
        for (const separator of ["T", " "]) {
          const written = `${isoDate(wall)}${separator}${isoTime(wall)}`;
          for (const spelled of [text, text.replace(":", "")]) {
            const converted = convert(written + spelled, zone);
            expect(instantOf(converted), written + spelled).toBe(expected - before);
          }
          expect(instantOf(convert(`${written}Z`, zone))).toBe(expected);
        }
      }),
      { numRuns: 100 },
    );
  });

  it("keeps a fraction to the microsecond and cuts off the rest, never rounding into another second", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\d{1,12}$/), (digits) => {
        const converted = convert(`2024-12-31T23:59:59.${digits}Z`);
        expect(instantOf(converted)).toBe(instantOf(`2024-12-31T23:59:59.${digits.slice(0, 6)}Z`));
      }),
    );
  });

  it.each([
    ["2024-03-05", "2024-03-05T00:00:00Z"],
    ["2024-03-05T07:08", "2024-03-05T07:08:00Z"],
    ["2024-03-05T07:08:09", "2024-03-05T07:08:09Z"],
    ["2024-03-05 07:08:09", "2024-03-05T07:08:09Z"],
    ["2024-03-05T07:08:09Z", "2024-03-05T07:08:09Z"],
    ["2024-03-05T07:08:09.5Z", "2024-03-05T07:08:09.5Z"],
    ["2024-03-05T07:08:09+10:00", "2024-03-04T21:08:09Z"],
    ["2024-03-05T07:08:09+1000", "2024-03-04T21:08:09Z"],
    ["2024-03-05T16:38:09.123Z", "2024-03-05T16:38:09.123Z"],
    ["5/3/2016", "2016-03-05T00:00:00Z"],
    ["05/03/2016", "2016-03-05T00:00:00Z"],
    ["5/3/2016 7:08", "2016-03-05T07:08:00Z"],
    ["05/03/2016 07:08:09", "2016-03-05T07:08:09Z"],
    ["31/12/2024 23:59:59", "2024-12-31T23:59:59Z"],
    ["29/2/2024", "2024-02-29T00:00:00Z"],
    ["2000-02-29", "2000-02-29T00:00:00Z"],
    ["0001-01-01", "0001-01-01T00:00:00Z"],
    ["1/1/0001", "0001-01-01T00:00:00Z"],
    ["2024-03-05T07:08:09+10", "2024-03-04T21:08:09Z"],
    ["2024-03-05 07:08:09,25z", "2024-03-05T07:08:09.25Z"],
    ["9999-12-31T23:59:59", "9999-12-31T23:59:59Z"],
  ])("may be written %s", (written, expected) => {
    expect(convert(written)).toBe(expected);
  });

  it("is day-first if both readings would be a date", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }), (day, month) => {
        expect(convert(`${day}/${month}/2016`)).toBe(`2016-${padded(month)}-${padded(day)}T00:00:00Z`);
      }),
    );
  });

  it("that is absent, null or an empty text is null", () => {
    for (const nothing of [undefined, null, ""]) expect(convert(nothing)).toBeNull();
  });
});

describe("where clocks change, a wall time", () => {
  it.each([
    ["Europe/Vienna", "2024-03-31 02:30", "2024-03-31 02:30+01:00"],
    ["America/New_York", "10/3/2024 2:30", "2024-03-10 02:30-05:00"],
    ["Australia/Adelaide", "2024-10-06T02:30:00", "2024-10-06 02:30+09:30"],
    ["Australia/Lord_Howe", "2024-10-06 02:15", "2024-10-06 02:15+10:30"],
    ["Pacific/Apia", "30/12/2011 12:00", "2011-12-30 12:00-10:00"],
  ])("that %s skips (%s) is read with the offset before the change: %s", (zone, written, meant) => {
    expect(convert(written, zone)).toBe(Temporal.Instant.from(meant).toString());
  });

  it.each([
    ["Europe/Vienna", "2024-10-27 02:30", "2024-10-27 02:30+02:00"],
    ["America/New_York", "3/11/2024 1:30", "2024-11-03 01:30-04:00"],
    ["Australia/Adelaide", "2024-04-07T02:30:00", "2024-04-07 02:30+10:30"],
    ["Australia/Lord_Howe", "2024-04-07 01:45", "2024-04-07 01:45+11:00"],
  ])("that occurs twice in %s (%s) is the first of the two: %s", (zone, written, meant) => {
    expect(convert(written, zone)).toBe(Temporal.Instant.from(meant).toString());
  });

  it.each([
    ["America/New_York", "2024-03-10 01:59:59", "-05:00"],
    ["America/New_York", "2024-03-10 03:00:00", "-04:00"],
    ["America/New_York", "2024-11-03 02:00:00", "-05:00"],
    ["Asia/Kolkata", "2024-03-10 02:30:00", "+05:30"],
    ["Asia/Kathmandu", "2024-03-10 02:30:00", "+05:45"],
  ])("in %s near the change (%s) has the offset of that moment: %s", (zone, written, offset) => {
    expect(convert(written, zone)).toBe(Temporal.Instant.from(written + offset).toString());
  });
});

describe("a bad timestamp", () => {
  it.each([
    "2024-02-30",
    "2023-02-29",
    "1900-02-29",
    "0000-00-00",
    "0000-01-01",
    "2024-00-10",
    "2024-13-01",
    "2024-01-00",
    "2024-04-31",
    "99/99/2024",
    "5/13/2016",
    "0/1/2016",
    "1/0/2016",
    "30/2/2024",
    "29/2/2023",
    "5/3/16",
    "5-3-2016",
    "5.3.2016",
    "5/3/2016T07:00",
    "5/3/2016 7",
    "5/3/2016 7:8",
    "5/3/2016 24:00",
    "5/3/2016 7:60",
    "5/3/2016 7:08:60",
    "5/3/2016 7:08 PM",
    "2024-3-5",
    "2024-03-05T7:08",
    "2024-03-05T24:00:00",
    "2024-03-05T23:60:00",
    "2024-03-05T23:59:60",
    "2024-03-05T10:00:00.",
    "2024-03-05T10:00:00+99:00",
    "2024-03-05T10:00:00+16:00",
    "2024-03-05T10:00:00+10:60",
    "2024-03-05T10:00:00 Europe/Vienna",
    "2024-03-05Z",
    "20240305",
    "12024-03-05",
    "1709622489",
    "Tue Mar 05 2024",
    "now",
    "infinity",
    "?",
    "N/A",
    " ",
    " 2024-03-05",
    "2024-03-05 ",
    "2024-03-05\n",
    "٢٠٢٤-٠٣-٠٥",
  ])("is never another day and never null: %j", (written) => {
    expect(convert(written, "Europe/Vienna")).toMatchObject(NO_TIMESTAMP);
  });

  it.each([[0], [1_709_622_489_000], [true], [{}], [["2024-03-05"]]])(
    "is anything but a text: %j",
    (value) => {
      expect(convert(value)).toMatchObject(NO_TIMESTAMP);
    },
  );

  it("is every day that the calendar does not have", () => {
    const days = fc.record({
      year: fc.integer({ min: 1, max: 9999 }),
      month: fc.integer({ min: 0, max: 14 }),
      day: fc.integer({ min: 0, max: 40 }),
    });
    fc.assert(
      fc.property(days, ({ year, month, day }) => {
        let exists = true;
        try {
          Temporal.PlainDate.from({ year, month, day }, { overflow: "reject" });
        } catch {
          exists = false;
        }
        const spellings = [
          `${padded(year, 4)}-${padded(month)}-${padded(day)}`,
          `${day}/${month}/${padded(year, 4)}`,
        ];
        for (const spelling of spellings) {
          if (exists) expect(convert(spelling)).toBeTypeOf("string");
          else expect(convert(spelling)).toMatchObject(NO_TIMESTAMP);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("a time zone", () => {
  it.each(["", "Mars/Olympus", "Europe/Wien"])(
    "that does not exist is a configuration error: %j",
    async (name) => {
      await expect(timeZoneNamed(name)).rejects.toMatchObject({
        code: "configuration",
        message: expect.stringContaining(`OTC_TIMEZONE is "${name}"`),
      });
    },
  );
});

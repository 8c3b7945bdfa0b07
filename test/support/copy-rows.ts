import { Temporal } from "temporal-polyfill";
import { expect } from "vitest";
import type { ValueType } from "../../src/views/view.ts";

const POSTGRES_EPOCH = Temporal.Instant.from("2000-01-01T00:00:00Z").epochNanoseconds;

const DIGITS_A_GROUP = 4;

const READERS: Readonly<Record<ValueType | "json" | "uuid", (value: Buffer) => string>> = {
  uuid: (value) => value.toString("hex"),
  text: (value) => value.toString("utf8"),
  integer: (value) => readBigInt(value).toString(),
  timestamp: (value) =>
    Temporal.Instant.fromEpochNanoseconds(POSTGRES_EPOCH + readBigInt(value) * 1000n).toString(),
  boolean: (value) => {
    expect(value).toHaveLength(1);
    return value[0] === 1 ? "t" : "f";
  },
  numeric: readNumeric,
  json: (value) => {
    expect(value[0], "the version of jsonb").toBe(1);
    return value.toString("utf8", 1);
  },
};

/**
 * Reads rows of COPY's binary format, without header and trailer, as PostgreSQL does
 * (https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format").
 *
 * @returns each value as PostgreSQL would write it, but instants as `2024-03-05T07:08:09.5Z`
 */
export function readCopyRows(
  rows: Buffer,
  types: readonly (ValueType | "json" | "uuid")[],
): (string | null)[][] {
  const read: (string | null)[][] = [];
  let at = 0;
  while (at < rows.length) {
    expect(rows.readInt16BE(at), "the number of values of the row").toBe(types.length);
    at += 2;
    read.push(
      types.map((type) => {
        const length = rows.readInt32BE(at);
        const start = at + 4;
        at = start + Math.max(length, 0);
        return length === -1 ? null : READERS[type](rows.subarray(start, at));
      }),
    );
  }
  expect(at, "the end of the rows").toBe(rows.length);
  return read;
}

function readBigInt(value: Buffer): bigint {
  expect(value).toHaveLength(8);
  return value.readBigInt64BE();
}

function readNumeric(value: Buffer): string {
  const weight = value.readInt16BE(2);
  const scale = value.readUInt16BE(6);
  const groups = Array.from({ length: value.readUInt16BE(0) }, (_, index) =>
    value.readUInt16BE(8 + index * 2),
  );
  expect(value).toHaveLength(8 + groups.length * 2);
  for (const outermost of [groups.at(0), groups.at(-1)]) expect(outermost).not.toBe(0);
  /** The digits of as many groups, from the one that counts 10,000 to the power of `highest` downwards. */
  const digits = (highest: number, count: number) =>
    Array.from({ length: count }, (_, index) =>
      String(groups[weight - highest + index] ?? 0).padStart(DIGITS_A_GROUP, "0"),
    ).join("");
  const whole = digits(Math.max(weight, 0), Math.max(weight, 0) + 1).replace(/^0+(?=\d)/, "");
  const fraction = digits(-1, Math.ceil(scale / DIGITS_A_GROUP)).slice(0, scale);
  const sign = value.readUInt16BE(4) === 0 ? "" : "-";
  return `${sign}${whole}${scale === 0 ? "" : "."}${fraction}`;
}

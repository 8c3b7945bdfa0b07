import { expect, test } from "vitest";
import { databaseError } from "../../../src/database/database-error.ts";
import { type ErrorCode, OtcError } from "../../../src/errors/otc-error.ts";
import { isTransient } from "../../../src/worker/is-transient.ts";

/** As the driver throws it. */
function refusal(code: string): Error {
  return databaseError(Object.assign(new Error("no"), { severity: "ERROR", code }), "PostgreSQL");
}

test("a load is retried after a transient error, and not after an error that somebody has to fix", () => {
  const passing: ErrorCode[] = ["source", "document", "locked", "rate_limited", "circuit_open", "timeout"];
  const lasting: ErrorCode[] = ["configuration", "source_rejected", "guard", "internal"];
  expect(passing.filter((code) => !isTransient(new OtcError(code, "")))).toEqual([]);
  expect(lasting.filter((code) => isTransient(new OtcError(code, "")))).toEqual([]);
  expect(isTransient(new TypeError("a defect"))).toBe(false);
});

test("errors of the database are transient unless the statement caused them", () => {
  expect(isTransient(databaseError(new Error("read ECONNRESET"), "PostgreSQL"))).toBe(true);
  const passing = ["08006", "25006", "40P01", "53100", "55P03", "57014", "57P01"];
  const lasting = ["22001", "23505", "28P01", "42501", "42P01"];
  expect(passing.filter((code) => !isTransient(refusal(code)))).toEqual([]);
  expect(lasting.filter((code) => isTransient(refusal(code)))).toEqual([]);
});

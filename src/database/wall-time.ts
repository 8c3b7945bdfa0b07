import { quoteLiteral } from "./identifier.ts";

/** The zone as it stands behind AT TIME ZONE. PostgreSQL counts a bare offset westwards, as POSIX does. */
function zoneOperand(zone: string): string {
  return /^[+-]/.test(zone) ? `interval ${quoteLiteral(zone)}` : quoteLiteral(zone);
}

/** An expression of the wall time in a zone at an instant. */
export function wallTimeOf(instant: string, zone: string): string {
  return `(${instant} at time zone ${zoneOperand(zone)})`;
}

/**
 * An expression of the instant that wall time in a zone means, as every value without a zone is read: where clocks go
 * back the first of the two. PostgreSQL would take the second.
 *
 * @param wall an expression of type timestamp, without side effects
 */
export function instantOf(wall: string, zone: string): string {
  const second = `(${wall} at time zone ${zoneOperand(zone)})`;
  const byYesterdaysOffset = `(${wallTimeOf(`(${second} - interval '24 hours')`, zone)} + interval '24 hours')`;
  const first = `(${second} - (${byYesterdaysOffset} - ${wall}))`;
  return `case when ${wallTimeOf(first, zone)} = ${wall} then ${first} else ${second} end`;
}

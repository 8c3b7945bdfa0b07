import { quoteLiteral } from "./identifier.ts";

/** The operand of AT TIME ZONE for a zone. PostgreSQL would count a bare offset westwards, as POSIX does. */
function zoneOperand(zone: string): string {
  return /^[+-]/.test(zone) ? `interval ${quoteLiteral(zone)}` : quoteLiteral(zone);
}

/** An expression for the wall time in a zone at an instant. */
export function wallTimeOf(instant: string, zone: string): string {
  return `(${instant} at time zone ${zoneOperand(zone)})`;
}

/**
 * An expression for the instant of wall time in a zone. It follows the rule for all values without a zone: when the clocks
 * go back, the first of the two instants is meant. PostgreSQL would use the second.
 *
 * @param wall an expression of type timestamp, without side effects
 */
export function instantOf(wall: string, zone: string): string {
  const second = `(${wall} at time zone ${zoneOperand(zone)})`;
  const byYesterdaysOffset = `(${wallTimeOf(`(${second} - interval '24 hours')`, zone)} + interval '24 hours')`;
  const first = `(${second} - (${byYesterdaysOffset} - ${wall}))`;
  return `case when ${wallTimeOf(first, zone)} = ${wall} then ${first} else ${second} end`;
}

const TIME_OF_DAY = /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.0+)?)?$/;

const CANONICAL_LENGTH = 5;
const COLON = 0x3a;

/**
 * The one spelling of a time of day: `HH:MM`, or `HH:MM:SS` when it has seconds. `9:00`, `09:00` and `09:00:00` are
 * `09:00`.
 *
 * @returns undefined when the text has to stay as it is: it is spelled like this already, or is no time of day
 */
export function respelledTime(bytes: Buffer, start: number, end: number): string | undefined {
  const length = end - start;
  // Nearly all are spelled so already: with minutes alone, and the hour in two digits.
  if (length === CANONICAL_LENGTH && bytes[start + 2] === COLON) return undefined;
  const text = bytes.toString("latin1", start, end);
  const [, hour, minute, second] = TIME_OF_DAY.exec(text) ?? [];
  if (hour === undefined || minute === undefined) return undefined;
  const seconds = second === undefined || second === "00" ? "" : `:${second}`;
  const spelled = `${hour.padStart(2, "0")}:${minute}${seconds}`;
  return spelled === text ? undefined : spelled;
}

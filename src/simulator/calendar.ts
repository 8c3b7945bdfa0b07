/** Seconds of a day: the simulator lives in UTC, where every day has as many. */
export const DAY_SECONDS = 86_400;

/** Day 0: Monday 5 January 2026. */
const EPOCH_MS = Date.UTC(2026, 0, 5);

/** A document names some thousand different days, but millions of times. */
const dateTexts = new Map<number, string>();

const TWO_DIGITS = Array.from({ length: 60 }, (_, value) => String(value).padStart(2, "0"));

/** `YYYY-MM-DD` of a day counted from day 0; days before it are negative. */
export function dateText(day: number): string {
  let text = dateTexts.get(day);
  if (text === undefined) {
    text = new Date(EPOCH_MS + day * DAY_SECONDS * 1000).toISOString().slice(0, 10);
    dateTexts.set(day, text);
  }
  return text;
}

/** 0 for Monday to 6 for Sunday. */
export function weekday(day: number): number {
  return ((day % 7) + 7) % 7;
}

/** `HH:MM` of minutes since midnight. */
export function clockText(minutes: number): string {
  return `${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}`;
}

/** `YYYY-MM-DDTHH:MM:SSZ` of an instant (seconds since the start of day 0), with other marks if asked for. */
export function instantText(instant: number, between = "T", zone = "Z"): string {
  const day = Math.floor(instant / DAY_SECONDS);
  const second = instant - day * DAY_SECONDS;
  return `${dateText(day)}${between}${clockText(Math.floor(second / 60))}:${twoDigits(second % 60)}${zone}`;
}

/** `D/M/YYYY H:MM` of an instant (seconds since the start of day 0). */
export function dayFirstText(instant: number): string {
  const day = Math.floor(instant / DAY_SECONDS);
  const [year, month, date] = dateText(day).split("-").map(Number);
  const minutes = Math.floor((instant - day * DAY_SECONDS) / 60);
  return `${String(date)}/${String(month)}/${String(year)} ${String(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}`;
}

function twoDigits(value: number): string {
  return TWO_DIGITS[value] ?? String(value);
}

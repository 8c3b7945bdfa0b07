/** Where a thousands separator stands: before each three digits of the whole part. */
const THOUSANDS = /\B(?=(?:\d{3})+(?!\d))/g;

/** As in English. `Intl.NumberFormat` would do, but its first use takes a twentieth of the CPU time of a load of an empty view. */
function formatNumber(value: number, decimals: number): string {
  const [whole = "", fraction] = value.toFixed(decimals).split(".");
  const grouped = whole.replace(THOUSANDS, ",");
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** `1,234,567`. */
export function formatCount(count: number): string {
  return formatNumber(count, 0);
}

/** `12.3 MB`, of a million bytes. */
export function formatMegabytes(bytes: number): string {
  return `${formatNumber(bytes / 1e6, 1)} MB`;
}

/** `12.3`, and `0.05` below a second, as small documents take. */
export function formatSeconds(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  return formatNumber(seconds, seconds < 1 ? 2 : 1);
}

const UNITS: readonly [seconds: number, name: string][] = [
  [86_400, "d"],
  [3600, "h"],
  [60, "min"],
  [1, "s"],
];

/** An age in its two largest units: `2 d 3 h`, `5 min 12 s`. */
export function formatAge(seconds: number): string {
  const first = UNITS.findIndex(([size]) => seconds >= size);
  if (first === -1) return "0 s";
  let rest = Math.floor(seconds);
  return UNITS.slice(first, first + 2)
    .map(([size, name]) => {
      const count = Math.floor(rest / size);
      rest -= count * size;
      return count === 0 ? "" : `${count} ${name}`;
    })
    .filter((part) => part !== "")
    .join(" ");
}

/** `3 h ago` or `in 5 min`, in the largest unit, and `now` within a second. */
export function formatRelativeTime(time: Date, now: Date): string {
  const seconds = (now.getTime() - time.getTime()) / 1000;
  const unit = UNITS.find(([size]) => Math.abs(seconds) >= size);
  if (unit === undefined) return "now";
  const [size, name] = unit;
  const count = `${formatCount(Math.floor(Math.abs(seconds) / size))} ${name}`;
  return seconds < 0 ? `in ${count}` : `${count} ago`;
}

/** `1 row`, `2,000 rows`. @param plural default: the noun with an s */
export function formatNumberOf(count: number, noun: string, plural = `${noun}s`): string {
  return `${formatCount(count)} ${count === 1 ? noun : plural}`;
}

/** `2026-01-05 02:00:03` in UTC. */
export function formatTime(time: Date): string {
  return `${time.toISOString().slice(0, 19).replace("T", " ")}Z`;
}

const wholeNumber = new Intl.NumberFormat("en-US");
const oneDecimal = new Intl.NumberFormat("en-US", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const twoDecimals = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** `1,234,567`. */
export function formatCount(count: number): string {
  return wholeNumber.format(count);
}

/** `12.3 MB`, of a million bytes. */
export function formatMegabytes(bytes: number): string {
  return `${oneDecimal.format(bytes / 1e6)} MB`;
}

/** `12.3`, and `0.05` below a second, as small documents take. */
export function formatSeconds(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  return (seconds < 1 ? twoDecimals : oneDecimal).format(seconds);
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

/** `2026-01-05 02:00:03` in UTC. */
export function formatTime(time: Date): string {
  return `${time.toISOString().slice(0, 19).replace("T", " ")}Z`;
}

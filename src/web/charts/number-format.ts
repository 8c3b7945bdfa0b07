import { formatCount, formatMegabytes, formatSeconds } from "../../format/format.ts";

/** How the numbers of a chart are written. */
export interface NumberFormat {
  /** Beside a line of the grid or in a bar: short. */
  tick(value: number): string;
  /** In tables, and when pointed at: exact, with its unit. */
  exact(value: number): string;
}

const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });

const tick = (value: number): string => compact.format(value);

/** `1.2K`, `1,234`. */
export const COUNT: NumberFormat = { tick, exact: (value) => formatCount(Math.round(value)) };

/** `1.2K`, `1,234 h`. */
export const HOURS: NumberFormat = { tick, exact: (value) => `${formatCount(Math.round(value))} h` };

/** `90`, `90.4 s`. */
export const SECONDS: NumberFormat = { tick, exact: (value) => `${formatSeconds(value * 1000)} s` };

/** `1.2M`, `1.2 MB`. */
export const BYTES: NumberFormat = { tick, exact: formatMegabytes };

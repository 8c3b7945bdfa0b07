import { formatCount, formatMegabytes, formatSeconds } from "../../format/format.ts";

/** How the numbers of a chart are written. */
export interface NumberFormat {
  /** The short form, for a line of the grid or in a bar. */
  tick(value: number): string;
  /** The exact form with its unit, for tables and tooltips. */
  exact(value: number): string;
  /** Whether the numbers are counts, so that the axis has whole numbers only. */
  readonly isWhole: boolean;
}

const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });
const fine = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 2 });

const tick = (value: number): string => compact.format(value);

/** `1.2K`, `1,234`. */
export const COUNT: NumberFormat = {
  tick,
  exact: (value) => formatCount(Math.round(value)),
  isWhole: true,
};

const oneDecimal = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });

/** `1.2K`, `1,234.5 h`. */
export const HOURS: NumberFormat = {
  tick,
  exact: (value) => `${oneDecimal.format(value)} h`,
  isWhole: false,
};

/** `90 s` or `0.05 s`, `90.4 s`. */
export const SECONDS: NumberFormat = {
  tick: (value) => `${fine.format(value)} s`,
  exact: (value) => `${formatSeconds(value * 1000)} s`,
  isWhole: false,
};

/** `1.2MB`, `1.2 MB`. */
export const BYTES: NumberFormat = {
  tick: (value) => `${tick(value)}B`,
  exact: formatMegabytes,
  isWhole: true,
};

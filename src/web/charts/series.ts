import type { Tone } from "./tone.ts";

/** What the marks of one tone stand for. */
export interface Series {
  readonly name: string;
  readonly tone: Tone;
}

/** A series with a value for each position; null where there is none. */
export interface ValueSeries extends Series {
  readonly values: readonly (number | null)[];
}

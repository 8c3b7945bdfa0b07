import type { Tone } from "./tone.ts";

/** A name and the tone of its marks. */
export interface Series {
  readonly name: string;
  readonly tone: Tone;
}

/** A series with a value for each position; null where there is none. */
export interface ValueSeries extends Series {
  readonly values: readonly (number | null)[];
}

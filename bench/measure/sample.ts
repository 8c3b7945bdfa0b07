/** One measurement. */
export interface Sample {
  readonly seconds: number;
  /** Of the loader's process. */
  readonly peakMemoryBytes?: number;
  /** Written by the whole server meanwhile. */
  readonly walBytes?: number;
  /** Seconds by the loader's own steps. */
  readonly steps?: Readonly<Record<string, number>>;
  /** The longest that a query of another session took meanwhile. */
  readonly longestReadSeconds?: number;
}

/** What is measured, in the order of the report. */
export const MEASUREMENTS = {
  copy: "COPY of ready-made text",
  first: "first load",
  unchanged: "re-run, nothing changed",
  changed: "re-run, 1 % changed",
  upsertsFirst: "upserts, first",
  upsertsAgain: "upserts, again",
  firstLarger: "first load, larger document",
  unchangedLarger: "re-run, larger document, nothing changed",
  readers: "re-run, 1 % changed, while another session reads",
  loadEmpty: "load of an empty view",
  version: "otc-etl --version",
} as const;

export type MeasurementName = keyof typeof MEASUREMENTS;

/** Every sample of one view on one database. */
export type Samples = Readonly<Partial<Record<MeasurementName, readonly Sample[]>>>;

/** Collects samples as they come. */
export class SampleCollector {
  readonly #samples: Partial<Record<MeasurementName, Sample[]>> = {};
  readonly #onSample: (name: MeasurementName, sample: Sample) => void;

  constructor(onSample: (name: MeasurementName, sample: Sample) => void) {
    this.#onSample = onSample;
  }

  get samples(): Samples {
    return this.#samples;
  }

  add(name: MeasurementName, sample: Sample): void {
    (this.#samples[name] ??= []).push(sample);
    this.#onSample(name, sample);
  }
}

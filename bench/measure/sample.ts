/** One measurement. */
export interface Sample {
  readonly seconds: number;
  /** Of the loader's process. */
  readonly peakMemoryBytes?: number;
  /** How often V8 marked the whole heap of the loader's process. */
  readonly majorCollections?: number;
  /** Written by the whole server meanwhile. */
  readonly walBytes?: number;
  /** CPU time of the server's sessions. */
  readonly serverCpuSeconds?: number;
  /** Pages that the server looked at. */
  readonly serverBuffers?: number;
  /** Seconds by the loader's own steps. */
  readonly steps?: Readonly<Record<string, number>>;
  /** The longest that a query of another session took meanwhile. */
  readonly longestReadSeconds?: number;
}

/** What is measured, in the order of the report. */
export const MEASUREMENTS = {
  copy: "COPY of ready-made text",
  first: "first load",
  unchanged: "night, nothing changed",
  changed: "night, 1 % changed",
  full: "night, 1 % changed, with --full",
  upsertsFirst: "upserts, first",
  upsertsAgain: "upserts, again",
  firstLarger: "first load, larger document",
  unchangedLarger: "night, larger document, nothing changed",
  readers: "night, 1 % changed, while another session reads",
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

import type { MeasurementName, Sample, Samples } from "../measure/sample.ts";

/** The middle of a list, of the two middle ones their mean; undefined for an empty one. */
export function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  return upper === undefined || lower === undefined ? undefined : (lower + upper) / 2;
}

/** One quantity of every sample of a measurement that has it. */
export function valuesOf(
  samples: Samples,
  name: MeasurementName,
  quantity: Exclude<keyof Sample, "steps">,
): readonly number[] {
  return (samples[name] ?? []).flatMap((sample) => sample[quantity] ?? []);
}

/** The median of each step of a measurement, in seconds; `other` is the time of the process outside the steps. */
export function stepMedians(samples: Samples, name: MeasurementName): ReadonlyMap<string, number> {
  const measured = (samples[name] ?? []).flatMap(({ seconds, steps }) =>
    steps === undefined ? [] : [{ ...steps, other: seconds - sum(Object.values(steps)) }],
  );
  const names = new Set(measured.flatMap((steps) => Object.keys(steps)));
  return new Map(
    [...names].map((step) => [
      step,
      median(measured.map((steps: Readonly<Record<string, number>>) => steps[step] ?? 0)) ?? 0,
    ]),
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

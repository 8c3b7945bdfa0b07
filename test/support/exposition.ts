import type { Loader } from "../../src/loader/loader.ts";
import { metricsText } from "../../src/metrics/metrics-text.ts";

/** What Prometheus would read of the loader's database. */
export async function expositionOf(loader: Loader): Promise<string> {
  const database = await loader.database();
  return (await metricsText(database, loader.settings)).body;
}

/** The values of an exposition by series, spelled as it spells them: `otc_etl_age_seconds{view="tickets"}`. */
export function samplesOf(exposition: string): Readonly<Record<string, number>> {
  const lines = exposition.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return Object.fromEntries(
    lines.map((line) => {
      const [series, value] = splitAtLast(line, " ");
      return [series, valueOf(value)];
    }),
  );
}

/** Names of the metrics that an exposition describes. */
export function metricNamesOf(exposition: string): ReadonlySet<string> {
  return new Set(Array.from(exposition.matchAll(/^# TYPE (\S+) /gm), ([, name]) => name!));
}

function splitAtLast(text: string, separator: string): [string, string] {
  const place = text.lastIndexOf(separator);
  return [text.slice(0, place), text.slice(place + 1)];
}

function valueOf(text: string): number {
  return text === "+Inf" ? Number.POSITIVE_INFINITY : Number(text);
}

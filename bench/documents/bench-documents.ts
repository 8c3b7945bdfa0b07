import { createHash } from "node:crypto";
import { createWriteStream, globSync, readFileSync } from "node:fs";
import { mkdir, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { simulatedDocument, type SimulatedView } from "../../src/simulator/document.ts";
import type { Scale } from "../../src/simulator/scale.ts";
import { changedCount, changedDocument, newCount } from "./changed-document.ts";

/** A document on disk that fills an empty table. */
export interface Day0Document {
  readonly view: SimulatedView;
  /** The folder of this seed and scale. */
  readonly folder: string;
  readonly day0: string;
  readonly records: number;
}

/** A view's documents on disk, and what a loader has to make of them. */
export interface BenchDocuments extends Day0Document {
  /** The same with 1 % of the records changed and 0.1 % new. */
  readonly changed: string;
  /** A list of no records. */
  readonly empty: string;
  readonly changedRecords: number;
  readonly newRecords: number;
  readonly bytes: number;
}

interface Wanted {
  readonly dataDir: string;
  readonly view: SimulatedView;
  readonly seed: number;
  readonly scale: Scale;
}

/** The documents of a view: those of an earlier run where seed, scale and simulator are the same, else new ones. */
export async function benchDocuments(wanted: Wanted): Promise<BenchDocuments> {
  const document = await day0Document(wanted);
  const { view, folder, day0, records } = document;
  const changed = join(folder, `${view}-changed.json`);
  await writeOnce(changed, () => changedDocument(view, day0, records));
  const empty = join(folder, `${view}-empty.json`);
  await writeOnce(empty, () => [Buffer.from('{"message":{"data":[]}}')]);
  return {
    ...document,
    changed,
    empty,
    changedRecords: changedCount(records),
    newRecords: newCount(records),
    bytes: (await stat(day0)).size,
  };
}

/** The first of them alone: at ten times the size the others would only take time and room. */
export async function day0Document({ dataDir, view, seed, scale }: Wanted): Promise<Day0Document> {
  const counts = [scale.tickets, scale.comments, scale.timesheets].join("-");
  const folder = join(dataDir, `seed-${seed}-scale-${counts}-day-0-${simulatorDigest()}`);
  await mkdir(folder, { recursive: true });
  const day0 = join(folder, `${view}-day0.json`);
  await writeOnce(day0, () => simulatedDocument({ view, seed, scale, day: 0 }));
  return { view, folder, day0, records: scale[view] };
}

/** Documents of another simulator, or of another way to change them, are other documents. */
function simulatorDigest(): string {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const sources = globSync(["src/simulator/**/*.ts", "bench/documents/changed-document.ts"], {
    cwd: root,
  }).sort();
  const hash = createHash("sha256");
  for (const file of sources) hash.update(readFileSync(join(root, file)));
  return hash.digest("hex").slice(0, 8);
}

/**
 * Writes a file unless it is there; one that an interrupted run left half written never has its name. It is on the disk
 * afterwards: writing it out would disturb the measurements.
 */
export async function writeOnce(
  path: string,
  chunks: () => Iterable<Buffer> | AsyncIterable<Buffer>,
): Promise<void> {
  if ((await stat(path).catch(() => undefined)) !== undefined) return;
  const unfinished = `${path}.${process.pid}.part`;
  await pipeline(
    Readable.from(chunks(), { objectMode: true, highWaterMark: 1 }),
    createWriteStream(unfinished, { flush: true }),
  );
  await rename(unfinished, path);
}

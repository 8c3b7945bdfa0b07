import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { changedDocument } from "../../../bench/documents/changed-document.ts";
import { SIMULATED_VIEWS, simulatedDocument, type SimulatedView } from "../../../src/simulator/document.ts";
import { parseScale } from "../../../src/simulator/scale.ts";
import { viewCatalog, viewNamed } from "../../../src/views/catalog.ts";
import { keyColumns } from "../../../src/views/view.ts";

type SimulatedRecord = Record<string, unknown>;

const scale = parseScale("small")!;

async function temporaryFile(content: Buffer): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "otc-etl-bench-test-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "day0.json");
  await writeFile(path, content);
  return path;
}

async function keyOf(view: SimulatedView): Promise<(record: SimulatedRecord) => string> {
  const fields = keyColumns(viewNamed(await viewCatalog(), view)).map((column) => column.field);
  return (record) => JSON.stringify(fields.map((field) => record[field] ?? null));
}

async function collect(chunks: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const collected: Buffer[] = [];
  for await (const chunk of chunks) collected.push(chunk);
  return collected;
}

function recordsOf(document: Buffer): SimulatedRecord[] {
  return JSON.parse(document.toString()).message.data;
}

test.each(SIMULATED_VIEWS)(
  "of %s has 1 % changed and 0.1 % new records, and leaves the others unchanged",
  async (view) => {
    const before = Buffer.concat([...simulatedDocument({ view, seed: 1, scale, day: 0 })]);
    const records = scale[view];
    const chunks = await collect(changedDocument(view, await temporaryFile(before), records));

    const key = await keyOf(view);
    const old = new Map(recordsOf(before).map((record) => [key(record), JSON.stringify(record)]));
    const after = recordsOf(Buffer.concat(chunks));
    const added = after.filter((record) => !old.has(key(record)));
    const kept = after.filter((record) => old.has(key(record)));
    const changed = kept.filter((record) => old.get(key(record)) !== JSON.stringify(record));

    expect(kept).toHaveLength(records);
    expect(changed).toHaveLength(Math.round(records / 100));
    expect(added).toHaveLength(Math.round(records / 1000));
    expect(new Set(after.map(key)).size).toBe(after.length);
  },
);

test("fails when the file contains another number of records", async () => {
  const path = await temporaryFile(Buffer.from("[{},{}]"));
  await expect(collect(changedDocument("tickets", path, 3))).rejects.toThrow("holds 2 records, not 3");
});

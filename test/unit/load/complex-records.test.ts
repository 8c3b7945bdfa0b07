import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { FingerprintFramer } from "../../../src/json/fingerprint-framer.ts";
import { RecordFramer } from "../../../src/json/record-framer.ts";
import { RowStager } from "../../../src/load/stage/row-stager.ts";
import { RejectSpool } from "../../../src/runs/rejects/reject-spool.ts";
import { timeZoneNamed } from "../../../src/views/values/time-zone.ts";
import { defineView, integer, text } from "../../../src/views/view.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const utc = await timeZoneNamed("UTC");
const notes = defineView({
  name: "notes",
  order: 1,
  columns: [integer("Id", { key: "required" }), text("Note")],
});

const MEGABYTE = 1024 * 1024;
const LIMIT = { maxRecordBytes: 64 * MEGABYTE };

/** Both ways to find records in the bytes: in WebAssembly and in JavaScript. */
const ROADS = {
  WebAssembly: (document: Buffer, stager: RowStager) => {
    const framer = new FingerprintFramer({ ...LIMIT, key: Buffer.alloc(16) });
    stager.beginChunk(document);
    framer.push(document, (bytes, start, end, position, fingerprint, isInChunk) => {
      stager.stage(bytes, start, end, position + 1, fingerprint, isInChunk);
    });
    framer.finish();
  },
  JavaScript: (document: Buffer, stager: RowStager) => {
    const framer = new RecordFramer(LIMIT.maxRecordBytes);
    stager.beginChunk(document);
    framer.push(document, (bytes, start, end) => {
      stager.stage(bytes, start, end, framer.records, new Uint32Array(4), bytes === document);
    });
    framer.finish();
  },
};

/** What becomes of a document, how much CPU time it takes, and how much memory stays in use. */
function stage(road: keyof typeof ROADS, document: Buffer) {
  const rejects = new RejectSpool(10_000);
  const stager = new RowStager(notes, utc, rejects, { kind: "staging" });
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const begun = process.cpuUsage();
  ROADS[road](document, stager);
  const cpu = process.cpuUsage(begun);
  stager.takeRows();
  collectGarbage();
  return {
    reasons: Object.fromEntries(rejects.reasons),
    cpuMs: (cpu.user + cpu.system) / 1000,
    keptBytes: process.memoryUsage().heapUsed - before,
    drift: stager.drift,
  };
}

const list = (record: string): Buffer => Buffer.from(`{"data":[${record}]}`);

describe.each(["WebAssembly", "JavaScript"] as const)("a record framed in %s", (road) => {
  it.each([
    ["a list of lists", `[${"[1],".repeat(1_500_000)}[1]]`],
    ["an unknown field with a list of lists", `{"Id":1,"Odd":[${"[1],".repeat(1_500_000)}[1]]}`],
    ["millions of levels", `${"[".repeat(3_000_000)}${"]".repeat(3_000_000)}`],
    ["objects in objects", `${'{"a":'.repeat(800_000)}1${"}".repeat(800_000)}`],
    ["millions of numbers in a field of the view", `{"Id":1,"Note":[${"1,".repeat(2_500_000)}1]}`],
  ])("with %s is rejected without being parsed", (_case, record) => {
    const { reasons, cpuMs } = stage(road, list(record));
    expect(reasons).toEqual({ too_complex: 1 });
    // Parsing it took minutes. It has to be read once.
    expect(cpuMs).toBeLessThan(5000);
  });

  it("with long texts, and with as many values as are allowed, is loaded", () => {
    const texts = `{"Id":1,"Note":"${'[,{\\"'.repeat(300_000)}","Odd":[${"1,".repeat(100_000)}1]}`;
    expect(stage(road, list(texts)).reasons).toEqual({});
  });

  it("does not keep the unknown names of its fields in memory, however long they are", () => {
    const records = Array.from(
      { length: 100 },
      (_, index) => `{"Id":${index},"${String(index).padEnd(300_000, "x")}":1}`,
    );
    const { reasons, drift, keptBytes } = stage(road, list(records.join(",")));
    expect(reasons).toEqual({});
    expect(drift.unknownFields.size).toBe(100);
    expect(Math.max(...[...drift.unknownFields.keys()].map((name) => name.length))).toBe(201);
    expect(keptBytes).toBeLessThan(10 * MEGABYTE);
  });
});

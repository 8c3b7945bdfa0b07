// Framing, hashing and looking up the records of a file, against framing alone in JavaScript:
// node bench/framing.ts FILE [rounds]
import { readFileSync } from "node:fs";
import { KnownFingerprints } from "../src/json/known-fingerprints.ts";
import { FingerprintFramer } from "../src/json/fingerprint-framer.ts";
import { RecordFramer } from "../src/json/record-framer.ts";

const CHUNK_BYTES = 64 * 1024;
/** One record in so many is not known. */
const UNKNOWN_SHARE = 100;
const KEY = Buffer.alloc(32, 1);
const maxRecordBytes = Number.MAX_SAFE_INTEGER;

const [file, rounds = "5"] = process.argv.slice(2);
if (file === undefined) throw new Error("Usage: node bench/framing.ts FILE [rounds]");
const document = readFileSync(file);

const known = new KnownFingerprints(Number.MAX_SAFE_INTEGER);
frame(new FingerprintFramer({ maxRecordBytes, key: KEY }), (framer, chunk) => {
  framer.push(chunk, (_bytes, _start, _end, position, fingerprint) => {
    if (position % UNKNOWN_SHARE > 0) known.add(Buffer.from(fingerprint.slice().buffer), 0);
  });
});

const ignore = (): void => undefined;
const ways = {
  RecordFramer: () => {
    frame(new RecordFramer(maxRecordBytes), (framer, chunk) => {
      framer.push(chunk, ignore);
    });
  },
  "frame and hash": () => {
    frame(new FingerprintFramer({ maxRecordBytes, key: KEY }), (framer, chunk) => {
      framer.push(chunk, ignore);
    });
  },
  "frame, hash and look up": () => {
    frame(new FingerprintFramer({ maxRecordBytes, key: KEY, known }), (framer, chunk) => {
      framer.push(chunk, ignore);
    });
  },
};

const best = new Map<string, number>();
for (let round = 0; round < Number(rounds); round += 1) {
  for (const [name, run] of Object.entries(ways)) {
    const started = performance.now();
    run();
    best.set(name, Math.min(performance.now() - started, best.get(name) ?? Infinity));
  }
}
const reference = best.get("RecordFramer") as number;
for (const [name, milliseconds] of best) {
  const speed = document.length / 1e6 / milliseconds;
  const ratio = reference / milliseconds;
  console.log(
    `${name}: ${milliseconds.toFixed(0)} ms, ${speed.toFixed(2)} GB/s, ${ratio.toFixed(1)} × RecordFramer`,
  );
}

function frame<Framer extends { finish(): void }>(
  framer: Framer,
  push: (framer: Framer, chunk: Buffer) => void,
): void {
  for (let start = 0; start < document.length; start += CHUNK_BYTES) {
    push(framer, document.subarray(start, start + CHUNK_BYTES));
  }
  framer.finish();
}

import type { SourceError } from "../../src/errors/source-error.ts";
import { FingerprintFramer, type FingerprintFramerOptions } from "../../src/json/fingerprint-framer.ts";
import { RecordFramer } from "../../src/json/record-framer.ts";

/** What a framer made of a document, up to its end or the error it was refused with. */
export interface Framed {
  readonly records: readonly string[];
  readonly counted: number;
  readonly bytes: number;
  readonly failure: Readonly<Record<"code" | "message" | "remedy" | "retryable", unknown>> | undefined;
}

interface Framer {
  readonly records: number;
  readonly bytes: number;
  finish(): void;
}

export type FramedWithFingerprints = Framed & {
  readonly positions: readonly number[];
  /** As hexadecimal digits. */
  readonly fingerprints: readonly string[];
};

export function cutAt(document: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [0, ...places, document.length].sort((a, b) => a - b);
  return sorted.slice(1).map((end, index) => document.subarray(sorted[index], end));
}

export const oneByOne = (document: Buffer) => cutAt(document, [...document.keys()].slice(1));

export function frameInJavaScript(chunks: readonly Buffer[], maxRecordBytes: number): Framed {
  const framer = new RecordFramer(maxRecordBytes);
  return frame(framer, chunks, (chunk, records) => {
    framer.push(chunk, (bytes, start, end) => records.push(bytes.toString("latin1", start, end)));
  });
}

/** Every chunk is overwritten after it was pushed: it is the caller's to use again. */
export function frameInWebAssembly(
  chunks: readonly Buffer[],
  options: FingerprintFramerOptions,
): FramedWithFingerprints {
  const framer = new FingerprintFramer(options);
  const positions: number[] = [];
  const fingerprints: string[] = [];
  const framed = frame(framer, chunks, (chunk, records) => {
    const lent = Buffer.from(chunk);
    framer.push(lent, (bytes, start, end, position, fingerprint) => {
      records.push(bytes.toString("latin1", start, end));
      positions.push(position);
      fingerprints.push(Buffer.from(fingerprint.slice().buffer).toString("hex"));
    });
    lent.fill('"');
  });
  return { ...framed, positions, fingerprints };
}

function frame(
  framer: Framer,
  chunks: readonly Buffer[],
  push: (chunk: Buffer, records: string[]) => void,
): Framed {
  const records: string[] = [];
  let failure: Framed["failure"];
  try {
    for (const chunk of chunks) push(chunk, records);
    framer.finish();
  } catch (error) {
    const { code, message, remedy, retryable } = error as SourceError;
    failure = { code, message, remedy, retryable };
  }
  return { records, counted: framer.records, bytes: framer.bytes, failure };
}

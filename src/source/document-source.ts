import type { RequestGate } from "./request-gate.ts";

/** Something a document can be fetched from: the API, or a file. */
export interface DocumentSource {
  /** Where the document comes from, without credentials: for the run's record and messages. */
  readonly origin: string;
  /** The API can be asked again, is asked at a pace, and has a circuit breaker; a file is read once. */
  readonly kind: "api" | "file";
  /** SHA-256 of the document, in hex, where it is known beforehand; another one is not loaded. */
  readonly sha256?: string;
  /**
   * Begins to fetch the document.
   *
   * @param gate asked before every request
   * @returns its decompressed bytes, to be read once; ending the iteration early gives the connection or file back
   * @throws SourceError when there is no document to be had
   */
  open(signal: AbortSignal, gate: RequestGate): Promise<AsyncIterable<Buffer>>;
  /** How much of it has been read, from 0 to 1, where its size is known. */
  share?(): number | undefined;
}

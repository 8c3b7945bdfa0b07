import type { Conceal } from "./conceal-secrets.ts";
import type { RequestGate } from "./request-gate.ts";

/** Something that a document can be fetched from: the API, or a file. */
export interface DocumentSource {
  /** Where the document comes from, without credentials. The run's record and messages contain it. */
  readonly origin: string;
  /** Requests to the API are paced, retried, and subject to the circuit. A file is read once. */
  readonly kind: "api" | "file";
  /** Whether `open` may be called again for the same document, or for one that is newer; not so for a pipe. */
  readonly canReopen: boolean;
  /** SHA-256 of the document, in hex, where it is known beforehand. A document with another one is not loaded. */
  readonly sha256?: string;
  /**
   * Begins to fetch the document.
   *
   * @param gate admits every request
   * @returns its decompressed bytes, which can be read once; ending the iteration early closes the connection or file.
   *   The reader may free the memory of a chunk, so a chunk is not used for anything else
   * @throws SourceError when the document cannot be fetched
   */
  open(signal: AbortSignal, gate: RequestGate): Promise<AsyncIterable<Buffer>>;
  /** Replaces the secrets of the source in a text, such as an error that quotes what the source has sent. */
  readonly conceal?: Conceal;
  /** How much of the document has been read, from 0 to 1, where its size is known. */
  share?(): number | undefined;
}

import { Readable } from "node:stream";
import type pg from "pg";

/** Types of messages of the server (https://www.postgresql.org/docs/current/protocol-message-formats.html). */
const COPY_DATA = 0x64;
const COPY_DONE = 0x63;
const ERROR_RESPONSE = 0x45;

/** A message begins with its type and its length, which counts itself and not the type. */
const TYPE_BYTES = 1;
const HEADER_BYTES = 5;

type Data = (bytes: Buffer) => void;

/**
 * COPY out of a server, as a query of pg: the bytes of its rows. The server sends each row in a message of its own.
 * pg-copy-streams makes several objects of each, which takes longer than the server needs for a row of a fingerprint; here
 * the rows of a chunk are moved together in its memory.
 */
export class CopyOutStream extends Readable {
  /** Set by pg if it limits the time of the query: clears its timer. */
  readonly callback?: () => void;
  readonly #statement: string;
  #connection: pg.Connection | undefined;
  /** pg's own listener, which gets what follows the rows. */
  #onData: Data | undefined;
  #isWanted = false;
  #isReading = false;
  /** The beginning of a message whose end has not come. */
  #rest: Buffer = Buffer.alloc(0);
  readonly #onReadable = (): void => {
    this.#readOn();
  };

  /** @param statement that copies to STDOUT */
  constructor(statement: string) {
    super();
    this.#statement = statement;
  }

  /** Called by pg when the connection is free. */
  submit(connection: pg.Connection): void {
    this.#connection = connection;
    const { stream } = connection;
    const [onData] = stream.listeners("data");
    this.#onData = onData as Data;
    stream.removeListener("data", this.#onData);
    stream.pause();
    stream.on("readable", this.#onReadable);
    (connection as pg.Connection & { query(text: string): void }).query(this.#statement);
  }

  override _read(): void {
    this.#isWanted = true;
    this.#readOn();
  }

  /** Called by pg: the statement or the connection has failed. */
  handleError(error: Error): void {
    this.#leave();
    this.destroy(error);
  }

  handleCommandComplete(): void {
    // How many rows there were is not needed.
  }

  handleReadyForQuery(): void {
    // The stream has ended before.
  }

  #readOn(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    while (this.#isWanted && this.#connection !== undefined) {
      const chunk = this.#connection.stream.read() as Buffer | null;
      if (chunk === null) break;
      this.#take(chunk);
    }
    this.#isReading = false;
  }

  #take(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    let rowBytes = 0;
    let end = endOfMessage(bytes, at);
    while (end <= bytes.length && bytes[at] !== COPY_DONE && bytes[at] !== ERROR_RESPONSE) {
      if (bytes[at] === COPY_DATA) {
        bytes.copyWithin(rowBytes, at + HEADER_BYTES, end);
        rowBytes += end - at - HEADER_BYTES;
      }
      at = end;
      end = endOfMessage(bytes, at);
    }
    const hasEnded = bytes[at] === COPY_DONE || bytes[at] === ERROR_RESPONSE;
    if (rowBytes > 0) this.#isWanted = this.push(bytes.subarray(0, rowBytes));
    if (!hasEnded) {
      this.#rest = bytes.subarray(at);
      return;
    }
    if (bytes[at] === COPY_DONE) this.push(null);
    this.#leave(bytes.subarray(at));
  }

  /** Gives the connection back to pg, with what has been read of it and is pg's. */
  #leave(unread?: Buffer): void {
    const stream = this.#connection?.stream;
    const onData = this.#onData;
    if (stream === undefined || onData === undefined) return;
    this.#connection = undefined;
    stream.removeListener("readable", this.#onReadable);
    stream.on("data", onData);
    if (unread !== undefined) onData(unread);
    // Without the listener the stream has stopped, and reading on at once could stop it again.
    process.nextTick(() => {
      stream.resume();
    });
  }
}

/** Where a message ends (exclusive); beyond the bytes if it, or its header, is not complete. */
function endOfMessage(bytes: Buffer, at: number): number {
  return at + HEADER_BYTES > bytes.length ? Infinity : at + TYPE_BYTES + bytes.readUInt32BE(at + TYPE_BYTES);
}

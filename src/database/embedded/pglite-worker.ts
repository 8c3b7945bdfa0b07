// The thread in which the embedded database runs: see pglite-thread.ts, which is the other side.
import { parentPort, workerData } from "node:worker_threads";
import { PGlite, type Results } from "@electric-sql/pglite";
import { copyOptions } from "../copy/copy-binary.ts";
import type { PgliteAnswer, PgliteRequest, PgliteResult, PgliteStart } from "./pglite-messages.ts";

/** Rows that are copied out are sent in pieces of this many bytes, so that they are read while the next ones are copied. */
const PIECE_BYTES = 256 * 1024;

/** Bytes that a statement copies in are read from this device, and those that it copies out are written to it. */
const DEVICE = "/dev/otc-etl";

/** Emscripten counts its own devices, such as /dev/urandom, from 64 on. */
const [MAJOR, MINOR] = [200, 0];

/** What is needed of Emscripten's file system, which PGlite has no types for. */
interface DeviceFiles {
  makedev(major: number, minor: number): number;
  registerDevice(
    device: number,
    operations: {
      open(): void;
      close(): void;
      read(stream: unknown, memory: Int8Array, offset: number, length: number): number;
      write(stream: unknown, memory: Int8Array, offset: number, length: number): number;
      llseek(): number;
    },
  ): void;
  mkdev(path: string, device: number): void;
}

const port = parentPort;
if (port === null) throw new Error("The embedded database runs in a thread of its own.");
const answer = (message: PgliteAnswer, moved: readonly ArrayBuffer[] = []): void => {
  port.postMessage(message, moved);
};

/**
 * PGlite's own device for COPY copies byte by byte, and keeps what is copied out in pieces of a kilobyte until the statement
 * has ended.
 */
class CopyDevice {
  #source = new Int8Array(0);
  #read = 0;
  #piece = new Int8Array(0);
  #written = 0;
  #onPiece: (piece: ArrayBuffer, bytes: number) => void = () => undefined;

  constructor(files: DeviceFiles) {
    const device = files.makedev(MAJOR, MINOR);
    files.registerDevice(device, {
      open: () => undefined,
      close: () => undefined,
      read: (_stream, memory, offset, length) => {
        const bytes = this.#source.subarray(this.#read, this.#read + length);
        memory.set(bytes, offset);
        this.#read += bytes.length;
        return bytes.length;
      },
      write: (_stream, memory, offset, length) => {
        for (let done = 0; done < length;) {
          if (this.#written === this.#piece.length) this.#nextPiece();
          const part = Math.min(length - done, this.#piece.length - this.#written);
          this.#piece.set(memory.subarray(offset + done, offset + done + part), this.#written);
          this.#written += part;
          done += part;
        }
        return length;
      },
      llseek: () => 0,
    });
    files.mkdev(DEVICE, device);
  }

  /** Runs a statement that copies from the device; it reads these bytes. */
  async from<T>(bytes: ArrayBuffer, statement: () => Promise<T>): Promise<T> {
    this.#source = new Int8Array(bytes);
    this.#read = 0;
    try {
      return await statement();
    } finally {
      this.#source = new Int8Array(0);
      // V8 would mark its whole heap for a few of these, because it does not see how soon they are of no use.
      bytes.transfer(0);
    }
  }

  /** Runs a statement that copies to the device. */
  async to(
    onPiece: (piece: ArrayBuffer, bytes: number) => void,
    statement: () => Promise<unknown>,
  ): Promise<void> {
    this.#onPiece = onPiece;
    try {
      await statement();
      this.#handOut();
    } finally {
      this.#piece = new Int8Array(0);
      this.#written = 0;
    }
  }

  #nextPiece(): void {
    this.#handOut();
    this.#piece = new Int8Array(PIECE_BYTES);
    this.#written = 0;
  }

  #handOut(): void {
    if (this.#written > 0) this.#onPiece(this.#piece.buffer, this.#written);
  }
}

/**
 * Runs a statement without parameters by the simple protocol, as the driver of PostgreSQL does: the extended one takes three
 * times as long, with five messages that are each answered on their own.
 */
async function runStatement(pglite: PGlite, sql: string): Promise<Results | undefined> {
  return (await pglite.exec(sql)).at(-1);
}

async function run(
  pglite: PGlite,
  device: CopyDevice,
  request: PgliteRequest & { readonly id: number },
): Promise<PgliteResult> {
  switch (request.kind) {
    case "query": {
      const result =
        request.parameters === undefined
          ? await runStatement(pglite, request.sql)
          : await pglite.query(request.sql, [...request.parameters]);
      const rows = result?.rows ?? [];
      return { rows, rowCount: result?.rowCount ?? rows.length };
    }
    case "script": {
      const results = await pglite.exec(request.sql);
      return { rows: results.flatMap(({ rows }) => rows), rowCount: 0 };
    }
    case "copyIn": {
      const statement = `copy ${request.target} from '${DEVICE}' ${copyOptions(request.options)}`;
      const { affectedRows } = await device.from(request.bytes, () => pglite.query(statement));
      return { rows: [], rowCount: affectedRows ?? 0 };
    }
    case "copyOut": {
      const statement = `copy (${request.query}) to '${DEVICE}' ${copyOptions()}`;
      const onPiece = (piece: ArrayBuffer, bytes: number): void => {
        answer({ id: request.id, kind: "piece", piece, bytes }, [piece]);
      };
      await device.to(onPiece, () => pglite.query(statement));
      return { rows: [], rowCount: 0 };
    }
    case "close":
      await pglite.close();
      return { rows: [], rowCount: 0 };
    default:
      return request satisfies never;
  }
}

/** Of an error only the message would arrive, without the parts of PostgreSQL's. */
function errorOf(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof Error)) return { message: String(error) };
  const parts = Object.entries(error).filter(([, value]) => typeof value === "string");
  return { ...Object.fromEntries(parts), message: error.message };
}

/** Answers a request; the answer of the first one says that the database is open. */
async function answerTo(id: number, work: () => Promise<PgliteResult>): Promise<void> {
  try {
    answer({ id, kind: "result", result: await work() });
  } catch (error) {
    answer({ id, kind: "error", error: errorOf(error) });
  }
}

await answerTo(0, async () => {
  const { directory, module } = workerData as PgliteStart;
  const pglite = await PGlite.create(directory, { pgliteWasmModule: module });
  const { FS: files } = pglite.Module as unknown as { readonly FS: DeviceFiles };
  const device = new CopyDevice(files);
  port.on("message", (request: PgliteRequest & { readonly id: number }) => {
    void answerTo(request.id, () => run(pglite, device, request));
  });
  return { rows: [], rowCount: 0 };
});

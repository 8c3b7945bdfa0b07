import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";
import { Worker } from "node:worker_threads";
import type { PgliteAnswer, PgliteRequest, PgliteResult, PgliteStart } from "./pglite-messages.ts";

/** A request that has not been answered yet. */
interface Pending {
  readonly resolve: (result: PgliteResult) => void;
  readonly reject: (error: Error) => void;
  readonly onPiece: ((piece: Buffer) => void) | undefined;
}

declare const WebAssembly: { compile(bytes: Uint8Array): Promise<object> };

/** Where PGlite's own files are: beside its module. */
const PGLITE = dirname(createRequire(import.meta.url).resolve("@electric-sql/pglite"));

/** Compiled once in a process: a thread on its own would compile it for each database, which takes a second of CPU time. */
let compiled: Promise<object> | undefined;

async function compile(): Promise<object> {
  return WebAssembly.compile(await readFile(join(PGLITE, "pglite.wasm")));
}

/**
 * PGlite in a thread of its own. A statement occupies its thread until it ends, and meanwhile this one reads the document and
 * converts records. Requests are answered in their order.
 */
export class PgliteThread {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #lastId = -1;
  #failure: Error | undefined;

  /** Opens the database, or creates it if there is none, in a directory that exists. */
  static async open(directory: string): Promise<PgliteThread> {
    compiled ??= compile();
    const thread = new PgliteThread({ directory, module: await compiled });
    try {
      await thread.#opened;
      return thread;
    } catch (error) {
      await thread.#worker.terminate();
      throw error;
    }
  }

  readonly #opened: Promise<PgliteResult>;

  private constructor(start: PgliteStart) {
    // The build keeps the name of the file, and not its extension.
    const script = new URL(`./pglite-worker${extname(import.meta.filename)}`, import.meta.url);
    this.#worker = new Worker(script, { workerData: start });
    this.#worker.on("message", (answer: PgliteAnswer) => {
      this.#settle(answer);
    });
    this.#worker.on("error", (error) => {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    });
    this.#worker.on("exit", () => {
      this.#fail(new Error("the thread of the embedded database has ended"));
    });
    this.#opened = this.#expect();
  }

  /**
   * @param moved buffers of the request, which cannot be used here afterwards
   * @throws Error of PostgreSQL, with its parts
   */
  request(request: PgliteRequest, moved: readonly ArrayBuffer[] = []): Promise<PgliteResult> {
    return this.#send(request, moved);
  }

  /** COPY out of the database, in the binary format. What comes is read while the next rows are copied. */
  async *copyOut(query: string): AsyncGenerator<Buffer> {
    /** Undefined is the end. */
    const pieces: (Buffer | undefined)[] = [];
    let next = Promise.withResolvers<undefined>();
    const add = (piece: Buffer | undefined): void => {
      pieces.push(piece);
      next.resolve(undefined);
      next = Promise.withResolvers();
    };
    const result = this.#send({ kind: "copyOut", query }, [], add);
    result.then(
      () => {
        add(undefined);
      },
      () => {
        add(undefined);
      },
    );
    for (;;) {
      const { promise } = next;
      if (pieces.length === 0) await promise;
      const piece = pieces.shift();
      if (piece === undefined) break;
      yield piece;
    }
    await result;
  }

  /** Closes the database, and ends the thread. */
  async close(): Promise<void> {
    try {
      await this.request({ kind: "close" });
    } finally {
      await this.#worker.terminate();
    }
  }

  #send(
    request: PgliteRequest,
    moved: readonly ArrayBuffer[],
    onPiece?: Pending["onPiece"],
  ): Promise<PgliteResult> {
    const result = this.#expect(onPiece);
    if (this.#failure === undefined) this.#worker.postMessage({ ...request, id: this.#lastId }, moved);
    return result;
  }

  /** Only a thread that has to answer keeps the process alive. */
  #expect(onPiece?: Pending["onPiece"]): Promise<PgliteResult> {
    this.#lastId += 1;
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const { promise, resolve, reject } = Promise.withResolvers<PgliteResult>();
    this.#pending.set(this.#lastId, { resolve, reject, onPiece });
    this.#worker.ref();
    return promise;
  }

  #settle(answer: PgliteAnswer): void {
    const pending = this.#pending.get(answer.id);
    if (pending === undefined) return;
    if (answer.kind === "piece") {
      pending.onPiece?.(Buffer.from(answer.piece, 0, answer.bytes));
      return;
    }
    this.#pending.delete(answer.id);
    if (this.#pending.size === 0) this.#worker.unref();
    if (answer.kind === "result") pending.resolve(answer.result);
    else pending.reject(Object.assign(new Error(), answer.error));
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#pending.values()) reject(this.#failure);
    this.#pending.clear();
  }
}

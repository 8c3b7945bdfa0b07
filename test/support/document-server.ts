import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import { onTestFinished } from "vitest";
import type { Environment } from "../../src/config/read-settings.ts";
import { listenUntilTestEnds } from "./listen.ts";

/** What goes wrong with one answer. Without it the document is served whole. */
export type Fault =
  | { readonly kind: "status"; readonly status: number; readonly headers?: Record<string, string> }
  /** Status 200 and this instead of the document. */
  | { readonly kind: "body"; readonly body: string | Buffer; readonly headers?: Record<string, string> }
  /** `bytes` of the document, then a clean end of the chunked encoding: nothing in HTTP tells. */
  | { readonly kind: "cut-chunked"; readonly bytes: number }
  /** The length of the whole document is announced, and the connection closed after `bytes`. */
  | { readonly kind: "cut-length"; readonly bytes: number }
  /** The connection is reset after `bytes` of the document. */
  | { readonly kind: "reset"; readonly bytes: number }
  | { readonly kind: "stall-headers" }
  /** Nothing comes after `bytes`. */
  | { readonly kind: "stall-body"; readonly bytes: number }
  | { readonly kind: "encoding"; readonly encoding: Encoding; readonly cutBytes?: number }
  | { readonly kind: "redirect"; readonly to: string };

type Encoding = "gzip" | "br" | "zstd";

/** A request as the server saw it. */
interface SeenRequest {
  /** Milliseconds of `performance.now()`. */
  readonly at: number;
  /** When the answer had been sent, or the client had gone. */
  endedAt: number | undefined;
  readonly id: string | null;
  readonly headers: IncomingHttpHeaders;
}

export interface DocumentServer {
  readonly url: string;
  /** What a loader needs to ask it for the views, pace and retries quick. */
  readonly env: Environment;
  readonly requests: readonly SeenRequest[];
  /** The documents by id; may be changed between requests. */
  readonly documents: Map<string, string>;
}

const ENCODERS: Readonly<Record<Encoding, (text: string) => Buffer>> = {
  gzip: (text) => gzipSync(text),
  br: (text) => brotliCompressSync(text),
  zstd: (text) => zstdCompressSync(text),
};

/**
 * Serves documents as OTC does, on loopback, until the test ends.
 *
 * @param documents by view id; the ids of the views are their names
 * @param faults by the number of the request, from 1
 * @param onFinished the test's own where tests run side by side
 * @param largestPieceBytes cuts documents into pieces of one byte to this many, so that they arrive as badly as they can
 */
export async function startDocumentServer(
  documents: Readonly<Record<string, string>>,
  faults: Readonly<Record<number, Fault>> = {},
  onFinished: (undo: () => Promise<void>) => void = onTestFinished,
  largestPieceBytes?: number,
): Promise<DocumentServer> {
  const served = new Map(Object.entries(documents));
  const requests: SeenRequest[] = [];
  const server = createServer((request, response) => {
    const id = new URL(request.url ?? "", "http://localhost").searchParams.get("id");
    const seen: SeenRequest = { at: performance.now(), endedAt: undefined, id, headers: request.headers };
    requests.push(seen);
    response.once("close", () => (seen.endedAt = performance.now()));
    // The client may hang up whenever it likes.
    response.on("error", () => undefined);
    void answer(request, response, served.get(id ?? ""), faults[requests.length], largestPieceBytes);
  });
  const port = await listenUntilTestEnds(server, onFinished);
  const url = `http://127.0.0.1:${port}/views`;
  return {
    url,
    env: {
      OTC_API_URL: url,
      OTC_API_USERNAME: "etl",
      OTC_API_PASSWORD: "secret of the test",
      OTC_VIEW_TICKETS: "tickets",
      OTC_VIEW_COMMENTS: "comments",
      OTC_VIEW_TIMESHEETS: "timesheets",
    },
    requests,
    documents: served,
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  document: string | undefined,
  fault: Fault | undefined,
  largestPieceBytes: number | undefined,
): Promise<void> {
  if (document === undefined && fault === undefined) {
    response.writeHead(404).end("{}");
    return;
  }
  const body = Buffer.from(document ?? "", "utf8");
  const json = { "content-type": "application/json" };
  if (fault === undefined) {
    response.writeHead(200, json);
    if (largestPieceBytes === undefined) response.end(body);
    else Readable.from(unevenPieces(body, largestPieceBytes), { objectMode: false }).pipe(response);
    return;
  }
  switch (fault.kind) {
    case "status":
      response.writeHead(fault.status, { ...json, ...fault.headers }).end('{"error":"as the test wants it"}');
      return;
    case "body":
      response.writeHead(200, { ...json, ...fault.headers }).end(fault.body);
      return;
    case "cut-chunked":
      response.writeHead(200, json).write(body.subarray(0, fault.bytes));
      response.end();
      return;
    case "cut-length":
    case "reset":
      response.writeHead(200, { ...json, "content-length": body.length });
      response.write(body.subarray(0, fault.bytes));
      // What was written has to be on its way before the connection goes.
      for (let turns = 0; turns < 20; turns += 1) await turn();
      if (fault.kind === "reset") request.socket.resetAndDestroy();
      else request.socket.end();
      return;
    case "stall-headers":
      return;
    case "stall-body":
      response.writeHead(200, json).write(body.subarray(0, fault.bytes));
      return;
    case "encoding": {
      const encoded = ENCODERS[fault.encoding](body.toString("utf8"));
      response.writeHead(200, { ...json, "content-encoding": fault.encoding });
      response.end(encoded.subarray(0, encoded.length - (fault.cutBytes ?? 0)));
      return;
    }
    case "redirect":
      response.writeHead(302, { location: fault.to }).end();
      return;
    default:
      fault satisfies never;
  }
}

/** The body in pieces of one byte to `largest`, the same ones each time, each in a turn of its own. */
async function* unevenPieces(body: Buffer, largest: number): AsyncGenerator<Buffer> {
  let state = 1;
  for (let at = 0; at < body.length;) {
    // Powers make small pieces as likely as large ones.
    state = (state * 48_271) % 0x7fffffff;
    const bytes = Math.ceil(largest ** (state / 0x7fffffff));
    yield body.subarray(at, at + bytes);
    at += bytes;
    await turn();
  }
}

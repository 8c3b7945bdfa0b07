import type { Readable } from "node:stream";
import { Agent, type Dispatcher, interceptors, request } from "undici";
import { ACCEPTED_ENCODINGS, decodeContent } from "./decompress.ts";
import { DecodingError } from "./decoding-error.ts";
import { networkFailure, type RequestContext, statusFailure } from "./http-failure.ts";
import type { RequestGate } from "./request-gate.ts";
import type { DocumentSource } from "./document-source.ts";
import { SourceError } from "../errors/source-error.ts";

/** How to reach OTC. */
export interface ApiSettings {
  readonly url: URL;
  readonly username: string;
  readonly password: string;
  /** Milliseconds without a byte after which an answer counts as stalled, in headers or body. */
  readonly timeoutMs: number;
  readonly userAgent: string;
}

/** A view to ask for. */
interface ApiView {
  readonly viewId: string;
  /** The setting that holds the id, for messages. */
  readonly viewSetting: string;
}

const MAX_REDIRECTS = 5;
const MAX_CONNECT_MS = 30_000;

/** Asks OTC for views. */
export class ApiClient {
  readonly #settings: ApiSettings;
  readonly #agent: Agent;
  readonly #dispatcher: Dispatcher;

  constructor(settings: ApiSettings) {
    this.#settings = settings;
    this.#agent = new Agent({
      headersTimeout: settings.timeoutMs,
      bodyTimeout: settings.timeoutMs,
      connect: { timeout: Math.min(settings.timeoutMs, MAX_CONNECT_MS) },
    });
    // undici's redirect drops the Authorization header when the redirect leads to another host.
    this.#dispatcher = this.#agent.compose(interceptors.redirect({ maxRedirections: MAX_REDIRECTS }));
  }

  /** The view as a source of documents: each `open` is one request. */
  source(view: ApiView): DocumentSource {
    const url = new URL(this.#settings.url);
    url.searchParams.set("id", view.viewId);
    // For messages and records: of the query only the id, in case a token hides in the rest.
    const shown = `${url.origin}${url.pathname}?id=${encodeURIComponent(view.viewId)}`;
    const context = { url: shown, ...view, timeoutMs: this.#settings.timeoutMs };
    return {
      origin: shown,
      kind: "api",
      open: (signal, gate) => this.#fetch(url, context, signal, gate),
    };
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #fetch(
    url: URL,
    context: RequestContext,
    signal: AbortSignal,
    gate: RequestGate,
  ): Promise<AsyncIterable<Buffer>> {
    await gate.enter(context.viewId, signal);
    let response: Dispatcher.ResponseData;
    try {
      response = await request(url, {
        dispatcher: this.#dispatcher,
        signal,
        headers: {
          accept: "application/json",
          "accept-encoding": ACCEPTED_ENCODINGS,
          authorization: basicAuthorization(this.#settings),
          "user-agent": this.#settings.userAgent,
        },
      });
    } catch (error) {
      await gate.leave();
      signal.throwIfAborted();
      throw networkFailure(error, context);
    }
    const { statusCode, headers, body } = response;
    // The answer may break off before anybody reads it, and without a listener that would end the process.
    body.on("error", () => undefined);
    if (statusCode !== 200) {
      // Closing beats reading on: an error page may be as large as a document.
      body.destroy();
      await gate.leave();
      throw statusFailure(statusCode, headers, context);
    }
    const encoding = headers["content-encoding"];
    const decoded = decodeContent(body, Array.isArray(encoding) ? encoding.join(",") : (encoding ?? ""));
    return this.#readChunks(decoded, context, signal, gate);
  }

  async *#readChunks(
    body: Readable,
    context: RequestContext,
    signal: AbortSignal,
    gate: RequestGate,
  ): AsyncGenerator<Buffer> {
    try {
      yield* body as AsyncIterable<Buffer>;
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof DecodingError
        ? brokenEncoding(error, context.url)
        : networkFailure(error, context);
    } finally {
      body.destroy();
      await gate.leave();
    }
  }
}

function basicAuthorization({ username, password }: ApiSettings): string {
  return `Basic ${Buffer.from(`${username}:${password}`, "utf8").toString("base64")}`;
}

function brokenEncoding(error: DecodingError, url: string): SourceError {
  return new SourceError(
    "document",
    `The compressed answer of ${url} is damaged or was cut short: ${error.message}.`,
    {
      retryable: true,
      cause: error,
    },
  );
}

import type { Readable } from "node:stream";
import type { ApiCredentials } from "../config/api-settings.ts";
import type { ProxySettings } from "../config/proxy-settings.ts";
import { openDispatcher } from "../network/open-dispatcher.ts";
import { type Dispatcher, redirect } from "../network/undici.ts";
import { concealerOf } from "./conceal-secrets.ts";
import { ACCEPTED_ENCODINGS, decodeContent } from "./decompress.ts";
import { DecodingError } from "./decoding-error.ts";
import { networkFailure, type RequestContext, statusFailure } from "./http-failure.ts";
import type { RequestGate } from "./request-gate.ts";
import type { DocumentSource } from "./document-source.ts";
import { SourceError } from "../errors/source-error.ts";

/** How to reach OTC. */
export interface ApiSettings {
  readonly url: URL;
  readonly credentials: ApiCredentials;
  readonly proxies: ProxySettings;
  /** Certificates of authorities that are trusted besides those of Node, in PEM format. */
  readonly authorities?: string | undefined;
  /** A response counts as stalled after this many milliseconds without a byte, in headers or body. */
  readonly timeoutMs: number;
  /** A response that becomes more than so many times larger when it is decompressed is refused. */
  readonly maxCompressionRatio?: number;
  readonly userAgent: string;
}

/** A view to request. */
interface ApiView {
  readonly viewId: string;
  /** The setting that holds the id. Messages name it. */
  readonly viewSetting: string;
}

const MAX_REDIRECTS = 5;
const MAX_CONNECT_MS = 30_000;

/** Requests views from OTC. */
export class ApiClient {
  readonly #settings: ApiSettings;
  readonly #agent: Dispatcher;
  readonly #dispatcher: Dispatcher;

  constructor(settings: ApiSettings) {
    this.#settings = settings;
    const { proxies, authorities, timeoutMs } = settings;
    this.#agent = openDispatcher({ proxies, authorities, connectMs: Math.min(timeoutMs, MAX_CONNECT_MS) });
    // undici's redirect drops the Authorization header when the redirect leads to another host.
    this.#dispatcher = this.#agent.compose(redirect({ maxRedirections: MAX_REDIRECTS }));
  }

  /** The view as a source of documents. Each `open` sends one request. */
  source(view: ApiView): DocumentSource {
    const url = new URL(this.#settings.url);
    url.searchParams.set("id", view.viewId);
    // Messages and run records show only the id of the query, because the rest may contain a token.
    const shown = `${url.origin}${url.pathname}?id=${encodeURIComponent(view.viewId)}`;
    const { credentials, timeoutMs } = this.#settings;
    const context = { url: shown, ...view, authentication: credentials.kind, timeoutMs };
    return {
      origin: shown,
      kind: "api",
      canReopen: true,
      conceal: concealerOf(secretsOf(this.#settings)),
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
      response = await this.#dispatcher.request({
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method: "GET",
        signal,
        headersTimeout: context.timeoutMs,
        bodyTimeout: context.timeoutMs,
        headers: {
          accept: "application/json",
          "accept-encoding": ACCEPTED_ENCODINGS,
          authorization: authorizationOf(this.#settings.credentials),
          "user-agent": this.#settings.userAgent,
        },
      });
    } catch (error) {
      await gate.leave();
      signal.throwIfAborted();
      throw networkFailure(error, context);
    }
    const { statusCode, headers, body } = response;
    // The response may break off before anything reads it. Without a listener that would end the process.
    body.on("error", () => undefined);
    if (statusCode !== 200) {
      // The connection is closed without reading the body: an error page may be as large as a document.
      body.destroy();
      await gate.leave();
      throw statusFailure(statusCode, headers, context);
    }
    const encoding = headers["content-encoding"];
    const decoded = decodeContent(
      body,
      Array.isArray(encoding) ? encoding.join(",") : (encoding ?? ""),
      this.#settings.maxCompressionRatio,
    );
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

/** Everything in the settings that OTC may repeat in an answer and nobody else may read. */
function secretsOf({ url, credentials }: ApiSettings): readonly string[] {
  const query = [...url.searchParams].filter(([name]) => name !== "id").map(([, value]) => value);
  if (credentials.kind === "bearer") return [credentials.token, ...query];
  const { username, password } = credentials;
  return [`${username}:${password}`, password, ...query];
}

function authorizationOf(credentials: ApiCredentials): string {
  if (credentials.kind === "bearer") return `Bearer ${credentials.token}`;
  const { username, password } = credentials;
  return `Basic ${Buffer.from(`${username}:${password}`, "utf8").toString("base64")}`;
}

function brokenEncoding(error: DecodingError, url: string): SourceError {
  return new SourceError(
    "document",
    `The compressed response of ${url} is damaged or was cut short: ${error.message}.`,
    {
      retryable: true,
      cause: error,
    },
  );
}

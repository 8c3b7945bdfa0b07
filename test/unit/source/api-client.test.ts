import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { ApiClient, type ApiSettings } from "../../../src/source/api-client.ts";
import { openGate, type RequestGate } from "../../../src/source/request-gate.ts";
import { SourceError } from "../../../src/errors/source-error.ts";

const document = Buffer.from(
  JSON.stringify(Array.from({ length: 20_000 }, (_, id) => ({ id, name: `n${id * 7919}` }))),
);
const view = { viewId: "47 11&x", viewSetting: "OTC_VIEW_TICKETS" };
const NO_PROXIES = { httpProxy: "", httpsProxy: "", noProxy: "" };
const opened: (() => unknown)[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((close) => close()));
});

/** Starts a server that answers in this way; its URL. */
async function serve(answer: RequestListener): Promise<URL> {
  const server: Server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  opened.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/api?tenant=secret-token`);
}

function clientOf(url: URL, options: Partial<ApiSettings> = {}): ApiClient {
  const client = new ApiClient({
    url,
    credentials: { kind: "basic", username: "etl", password: "pä:ss" },
    proxies: NO_PROXIES,
    timeoutMs: 5000,
    userAgent: "otc-etl/test",
    ...options,
  });
  opened.push(() => client.close());
  return client;
}

/** Fetches the view to its end. */
async function fetchView(
  url: URL,
  options: Partial<ApiSettings> = {},
  signal = new AbortController().signal,
) {
  return buffer(Readable.from(await clientOf(url, options).source(view).open(signal, openGate)));
}

/** How fetching the view from such a server fails. */
async function failureOf(answer: RequestListener, options: Partial<ApiSettings> = {}): Promise<SourceError> {
  const url = await serve(answer);
  const failure: unknown = await fetchView(url, options).then(
    () => new Error("The fetch succeeded."),
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(SourceError);
  const { message, remedy = "" } = failure as SourceError;
  expect(message + remedy).not.toMatch(/secret-token|pä:ss|ZXRs/);
  return failure as SourceError;
}

describe("a request", () => {
  it("requests the view by its id, with the user's name and password", async () => {
    const seen: IncomingMessage[] = [];
    const url = await serve((request, response) => {
      seen.push(request);
      response.end(document);
    });
    expect(await fetchView(url)).toEqual(document);
    expect(seen).toHaveLength(1);
    const [{ method, url: asked, headers }] = seen as [IncomingMessage];
    expect(method).toBe("GET");
    expect(Object.fromEntries(new URL(String(asked), url).searchParams)).toEqual({
      tenant: "secret-token",
      id: "47 11&x",
    });
    expect(headers).toMatchObject({
      authorization: `Basic ${Buffer.from("etl:pä:ss").toString("base64")}`,
      accept: "application/json",
      "accept-encoding": "zstd, gzip, br",
      "user-agent": "otc-etl/test",
    });
  });

  it("is named by its address and view, without the rest of the query", async () => {
    const url = await serve((_, response) => response.end("[]"));
    const source = clientOf(url).source(view);
    expect(source).toMatchObject({ origin: `${url.origin}/api?id=47%2011%26x`, kind: "api" });
  });

  it("waits for the gate, and reports the end of the response to it, successful or not", async () => {
    const seen: string[] = [];
    const url = await serve((request, response) => {
      seen.push("request");
      if (request.url?.includes("id=500") === true) response.writeHead(500).end("{}");
      else if (request.url?.includes("id=reset") === true) request.socket.resetAndDestroy();
      else if (request.url?.includes("id=cut") === true) response.write("[1", () => response.destroy());
      else response.end("[]");
    });
    const gate: RequestGate = {
      enter: (viewId) => Promise.resolve(void seen.push(`enter ${viewId}`)),
      leave: () => Promise.resolve(void seen.push("leave")),
    };
    const { signal } = new AbortController();
    for (const viewId of ["whole", "500", "reset", "cut"]) {
      const source = clientOf(url).source({ ...view, viewId });
      const fetched = source.open(signal, gate).then((chunks) => buffer(Readable.from(chunks)));
      await (viewId === "whole" ? fetched : expect(fetched).rejects.toBeInstanceOf(SourceError));
      expect(seen.splice(0)).toEqual([`enter ${viewId}`, "request", "leave"]);
    }
  });

  it("is not sent when the gate refuses", async () => {
    let requests = 0;
    const url = await serve((_, response) => {
      requests += 1;
      response.end("[]");
    });
    const refusal = new Error("come back later");
    const gate: RequestGate = { ...openGate, enter: () => Promise.reject(refusal) };
    await expect(clientOf(url).source(view).open(new AbortController().signal, gate)).rejects.toBe(refusal);
    expect(requests).toBe(0);
  });
});

describe("a response", () => {
  it.each([
    ["gzip", gzipSync(document)],
    ["br", brotliCompressSync(document)],
    ["zstd", zstdCompressSync(document)],
    ["gzip, zstd", zstdCompressSync(gzipSync(document))],
  ])("in %s is decompressed", async (encoding, body) => {
    const url = await serve((_, response) => {
      response.setHeader("content-encoding", encoding).end(body);
    });
    expect(await fetchView(url)).toEqual(document);
  });

  it.each([
    ["gzip", gzipSync(document)],
    ["br", brotliCompressSync(document)],
    ["zstd", zstdCompressSync(document)],
  ])("in %s that ends too early is damaged, and retryable", async (encoding, body) => {
    const failure = await failureOf((_, response) => {
      response.setHeader("content-encoding", encoding).end(body.subarray(0, body.length - 20));
    });
    expect(failure).toMatchObject({ code: "document", retryable: true });
    expect(failure.message).toContain("damaged or was cut short");
  });

  it("in gzip that is not gzip is damaged", async () => {
    const failure = await failureOf((_, response) => {
      response.setHeader("content-encoding", "gzip").end(document);
    });
    expect(failure).toMatchObject({ code: "document", retryable: true });
  });

  it("in an unsupported encoding fails while its body is still being received", async () => {
    const failure = await failureOf((_, response) => {
      response.setHeader("content-encoding", "compress").write(document);
    });
    expect(failure).toMatchObject({ code: "source", retryable: false });
    expect(failure.message).toContain('"compress"');
  });

  it.each([
    [401, "OTC_API_PASSWORD"],
    [403, "OTC_VIEW_TICKETS"],
    [404, "OTC_VIEW_TICKETS"],
  ])("with status %i names the setting and is final", async (status, setting) => {
    const failure = await failureOf((_, response) => response.writeHead(status).end("no"));
    expect(failure).toMatchObject({ code: "source_rejected", retryable: false });
    expect(failure.message).toContain(`status ${status}`);
    expect(failure.remedy).toContain(setting);
  });

  it.each([429, 500, 502, 503])("with status %i is retryable", async (status) => {
    const failure = await failureOf((_, response) =>
      response.writeHead(status, { "retry-after": "7" }).end(document),
    );
    expect(failure).toMatchObject({ code: "source", retryable: true, retryAfterMs: 7000 });
  });

  it("with an endless error page is not read to the end", async () => {
    const failure = await failureOf((_, response) => {
      response.writeHead(500).write(document);
    });
    expect(failure.message).toContain("status 500");
  });
});

describe("a connection", () => {
  it("that stalls, in the headers or in the body, is closed and retryable", async () => {
    const stalls: RequestListener[] = [
      () => undefined,
      (_, response) => {
        response.flushHeaders();
      },
      (_, response) => void response.write("[1,"),
      (_, response) =>
        void response.setHeader("content-encoding", "gzip").write(gzipSync(document).subarray(0, 500)),
    ];
    const begun = performance.now();
    // All at once: each takes a second, the grain of the client's timers.
    const failures = await Promise.all(stalls.map((answer) => failureOf(answer, { timeoutMs: 100 })));
    for (const failure of failures) {
      expect(failure).toMatchObject({ code: "source", retryable: true });
      expect(failure.message).toContain("OTC sent nothing for 0.1 s");
      expect(failure.remedy).toContain("OTC_TIMEOUT_MS");
    }
    expect(performance.now() - begun).toBeLessThan(4000);
  });

  const cut = (response: ServerResponse, body = document) => {
    response.write(body.subarray(0, 1000), () => response.destroy());
  };

  it.each<[string, RequestListener]>([
    [
      "reset before the answer",
      (request) => {
        request.socket.resetAndDestroy();
      },
    ],
    [
      "closed before the answer",
      (request) => {
        request.socket.destroy();
      },
    ],
    [
      "cut in a body of known length",
      (_, response) => {
        cut(response.setHeader("content-length", document.length));
      },
    ],
    [
      "cut in a chunked body",
      (_, response) => {
        cut(response);
      },
    ],
    [
      "cut in a compressed body",
      (_, response) => {
        cut(response.setHeader("content-encoding", "gzip"), gzipSync(document));
      },
    ],
    [
      "reset in the body",
      (request, response) =>
        void response.write("[1,", () => {
          request.socket.resetAndDestroy();
        }),
    ],
  ])("%s is a retryable failure", async (_how, answer) => {
    const failure = await failureOf(answer);
    expect(failure).toMatchObject({ code: "source", retryable: true });
    expect(failure.message).toMatch(/^The connection to http:\S+\?id=47%2011%26x failed: ./);
  });

  it("that nothing accepts is a retryable failure that names the setting", async () => {
    const url = await serve(() => undefined);
    await Promise.all(opened.splice(0).map((close) => close()));
    const failure = (await fetchView(url).catch((error: unknown) => error)) as SourceError;
    expect(failure).toMatchObject({ code: "source", retryable: true });
    expect(failure.message).toContain("ECONNREFUSED");
    expect(failure.remedy).toContain("OTC_API_URL");
  });

  it("is closed when the reader stops early", async () => {
    let closed = false;
    const url = await serve((request, response) => {
      request.socket.once("close", () => (closed = true));
      response.write(document);
    });
    const chunks = await clientOf(url).source(view).open(new AbortController().signal, openGate);
    for await (const chunk of chunks) {
      expect(chunk).not.toHaveLength(0);
      break;
    }
    await expect.poll(() => closed).toBe(true);
  });
});

describe("a redirect", () => {
  const otherHost = async () => {
    const seen: IncomingMessage[] = [];
    const url = await serve((request, response) => {
      seen.push(request);
      response.end("[7]");
    });
    return { seen, url };
  };

  it("on the same host keeps the credentials", async () => {
    const seen: (string | undefined)[] = [];
    const url = await serve((request, response) => {
      seen.push(request.headers.authorization);
      if (seen.length === 1) response.writeHead(307, { location: "/elsewhere" }).end();
      else response.end("[7]");
    });
    expect(String(await fetchView(url))).toBe("[7]");
    expect(seen).toHaveLength(2);
    expect(seen[1]).toBe(seen[0]);
  });

  it.each(["127.0.0.1", "localhost"])("to another server (%s) drops them", async (host) => {
    const { seen, url: other } = await otherHost();
    other.hostname = host;
    const url = await serve((_, response) => response.writeHead(302, { location: other.href }).end());
    expect(String(await fetchView(url))).toBe("[7]");
    expect(seen).toHaveLength(1);
    expect(seen[0]?.headers.authorization).toBeUndefined();
  });

  it("without end fails", async () => {
    let requests = 0;
    const failure = await failureOf((_, response) => {
      requests += 1;
      response.writeHead(302, { location: `/${requests}` }).end();
    });
    expect(failure.code).toMatch(/^source/);
    expect(requests).toBeLessThan(10);
  });
});

describe("an interruption", () => {
  const reason = new Error("Interrupted by SIGINT");

  it.each<[string, RequestListener]>([
    ["before the answer", () => undefined],
    ["in the body", (_, response) => void response.write("[1,")],
    [
      "in a compressed body",
      (_, response) =>
        void response.setHeader("content-encoding", "gzip").write(gzipSync(document).subarray(0, 500)),
    ],
  ])("%s ends the request at once with its own reason", async (_where, answer) => {
    const controller = new AbortController();
    let closed = false;
    const url = await serve((request, response) => {
      request.socket.once("close", () => (closed = true));
      answer(request, response);
      setTimeout(() => {
        controller.abort(reason);
      }, 30);
    });
    const begun = performance.now();
    await expect(fetchView(url, {}, controller.signal)).rejects.toBe(reason);
    expect(performance.now() - begun).toBeLessThan(1000);
    await expect.poll(() => closed).toBe(true);
  });
});

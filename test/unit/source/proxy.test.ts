import { readFileSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { Server as ProxyServer } from "proxy-chain";
import { describe, expect, onTestFinished, test } from "vitest";
import { webhookChannel } from "../../../src/alerts/webhook.ts";
import { proxySettings } from "../../../src/config/proxy-settings.ts";
import type { Environment } from "../../../src/config/read-settings.ts";
import { OtcError } from "../../../src/errors/otc-error.ts";
import { ApiClient } from "../../../src/source/api-client.ts";
import { openGate } from "../../../src/source/request-gate.ts";
import { hasOpenssl, makeCertificate } from "../../support/self-signed-certificate.ts";
import { listenUntilTestEnds } from "../../support/listen.ts";

const DOCUMENT = "[{}]";

/** A proxy on loopback that demands a user and a password, and the hosts it was asked for. */
async function startProxy(): Promise<{ url: string; port: number; asked: string[] }> {
  const asked: string[] = [];
  const proxy = new ProxyServer({
    port: 0,
    host: "127.0.0.1",
    prepareRequestFunction: ({ hostname, port, username, password }) => {
      asked.push(`${hostname}:${port}`);
      return { requestAuthentication: username !== "etl" || password !== "p@ss" };
    },
  });
  await proxy.listen();
  onTestFinished(() => proxy.close(true));
  return { url: `http://etl:p%40ss@127.0.0.1:${proxy.port}`, port: proxy.port, asked };
}

async function startServer(tls?: {
  key: string;
  certificate: string;
}): Promise<{ url: URL; seen: string[] }> {
  const seen: string[] = [];
  const answer: RequestListener = (request, response) => {
    seen.push(`${request.method ?? ""} ${request.headers.authorization ?? ""}`);
    response.end(DOCUMENT);
  };
  const server =
    tls === undefined
      ? createServer(answer)
      : createTlsServer({ key: readFileSync(tls.key), cert: readFileSync(tls.certificate) }, answer);
  const port = await listenUntilTestEnds(server);
  return { url: new URL(`${tls === undefined ? "http" : "https"}://localhost:${port}/api`), seen };
}

async function fetchView(url: URL, env: Environment, authorities?: string): Promise<string> {
  const client = new ApiClient({
    url,
    credentials: { kind: "bearer", token: "t0ken" },
    proxies: proxySettings(env),
    authorities,
    timeoutMs: 5000,
    userAgent: "otc-etl/test",
  });
  try {
    const source = client.source({ viewId: "17", viewSetting: "OTC_VIEW_TICKETS" });
    return await text(Readable.from(await source.open(new AbortController().signal, openGate)));
  } finally {
    await client.close();
  }
}

async function failureOf(promise: Promise<unknown>): Promise<OtcError> {
  const failure: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(OtcError);
  const { message, remedy } = failure as OtcError;
  expect(`${message} ${remedy ?? ""}`).not.toMatch(/p@ss|p%40ss|t0ken/);
  return failure as OtcError;
}

describe("requests through a proxy", () => {
  test("reach OTC, with the proxy's user and password for the proxy and the token for OTC", async () => {
    const [proxy, otc] = [await startProxy(), await startServer()];
    expect(await fetchView(otc.url, { HTTP_PROXY: proxy.url })).toBe(DOCUMENT);
    expect(proxy.asked).toEqual([otc.url.host]);
    expect(otc.seen).toEqual(["GET Bearer t0ken"]);
  });

  test("are sent without it to the hosts of NO_PROXY, and lower case has precedence", async () => {
    const [proxy, otc] = [await startProxy(), await startServer()];
    const env = { HTTP_PROXY: proxy.url, NO_PROXY: "example.com,localhost" };
    expect(await fetchView(otc.url, env)).toBe(DOCUMENT);
    expect(await fetchView(otc.url, { ...env, http_proxy: "" })).toBe(DOCUMENT);
    expect(proxy.asked).toEqual([]);
    await fetchView(otc.url, { ...env, no_proxy: "example.com" });
    expect(proxy.asked).toEqual([otc.url.host]);
  });

  test("fail with the variable to check when the proxy refuses the password", async () => {
    const [proxy, otc] = [await startProxy(), await startServer()];
    const env = { HTTP_PROXY: `http://etl:wrong@127.0.0.1:${proxy.port}` };
    const { message, remedy } = await failureOf(fetchView(otc.url, env));
    expect(message).toMatch(/407/);
    expect(`${message} ${remedy ?? ""}`).toMatch(/proxy/i);
    expect(otc.seen).toEqual([]);
  });

  test("are refused when the proxy is no URL, without showing it", () => {
    expect(() => proxySettings({ HTTPS_PROXY: "user:p@ss@proxy" })).toThrow(
      "HTTPS_PROXY must be an http or https URL.",
    );
  });

  test("carry alerts to a webhook", async () => {
    const [proxy, chat] = [await startProxy(), await startServer()];
    const channel = webhookChannel({
      url: chat.url,
      format: "slack",
      proxies: proxySettings({ HTTP_PROXY: proxy.url }),
    });
    await channel.deliver({ title: "title", lines: [] }, new AbortController().signal);
    expect(proxy.asked).toEqual([chat.url.host]);
    expect(chat.seen).toEqual(["POST "]);
  });
});

describe.skipIf(!hasOpenssl("TLS to OTC"))("an OTC whose certificate a company has signed", () => {
  test.for([false, true])("is trusted with OTC_API_CA_FILE alone (through a proxy: %s)", async (proxied) => {
    const folder = mkdtempSync(join(tmpdir(), "otc-etl-certificate-"));
    onTestFinished(() => {
      rmSync(folder, { recursive: true });
    });
    const files = makeCertificate(folder);
    const [proxy, otc] = [await startProxy(), await startServer(files)];
    const env = proxied ? { HTTPS_PROXY: proxy.url } : {};
    const { message, remedy } = await failureOf(fetchView(otc.url, env));
    expect(message).toContain("is not trusted");
    expect(remedy).toContain("OTC_API_CA_FILE");
    expect(await fetchView(otc.url, env, readFileSync(files.certificate, "utf8"))).toBe(DOCUMENT);
    expect(otc.seen).toEqual(["GET Bearer t0ken"]);
    expect(proxy.asked).toEqual(proxied ? [otc.url.host, otc.url.host] : []);
  });
});

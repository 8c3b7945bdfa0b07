import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  networkFailure,
  type RequestContext,
  retryAfter,
  statusFailure,
} from "../../../src/source/http-failure.ts";
import { SourceError } from "../../../src/errors/source-error.ts";
import { errors } from "../../../src/network/undici.ts";

const context: RequestContext = {
  url: "https://otc.example.com/api?id=4711",
  viewId: "4711",
  viewSetting: "OTC_VIEW_TICKETS",
  authentication: "basic",
  timeoutMs: 1500,
};

const NOW = Date.parse("2024-03-05T12:00:00Z");

describe("a status that is not 200", () => {
  it.each([
    [401, "OTC_API_USERNAME and OTC_API_PASSWORD"],
    [403, "OTC_VIEW_TICKETS"],
    [404, "OTC_VIEW_TICKETS"],
  ])("of %i names the setting to check, and is not retried", (status, setting) => {
    const failure = statusFailure(status, {}, context);
    expect(failure).toMatchObject({ code: "source_rejected", retryable: false });
    expect(failure.message).toBe(`OTC answered ${context.url} with status ${status}.`);
    expect(failure.remedy).toContain(setting);
  });

  it("of 401 names the token where OTC_API_AUTH is bearer", () => {
    expect(statusFailure(401, {}, { ...context, authentication: "bearer" }).remedy).toContain(
      "OTC_API_TOKEN",
    );
  });

  it.each([500, 502, 503, 504, 599, 408, 425, 429])("of %i is retried", (status) => {
    expect(statusFailure(status, {}, context)).toMatchObject({ code: "source", retryable: true });
  });

  it.each([201, 204, 206, 304, 400, 401, 403, 404, 405, 406, 410, 418, 422])("of %i is not", (status) => {
    expect(statusFailure(status, {}, context)).toMatchObject({ code: "source_rejected", retryable: false });
  });

  it("contains how long the server asks to wait", () => {
    expect(statusFailure(429, { "retry-after": "120" }, context).retryAfterMs).toBe(120_000);
    expect(statusFailure(503, {}, context).retryAfterMs).toBeUndefined();
  });
});

describe("Retry-After", () => {
  it("is a number of seconds", () => {
    fc.assert(
      fc.property(fc.nat(), (seconds) => {
        expect(retryAfter(String(seconds), NOW)).toBe(seconds * 1000);
      }),
    );
    expect(retryAfter(" 7 ", NOW)).toBe(7000);
    expect(retryAfter(["7", "9"], NOW)).toBe(7000);
  });

  it("is a date, and no wait when that has passed", () => {
    expect(retryAfter("Tue, 05 Mar 2024 12:01:30 GMT", NOW)).toBe(90_000);
    expect(retryAfter("Tuesday, 05-Mar-24 12:01:30 GMT", NOW)).toBe(90_000);
    expect(retryAfter("Tue, 05 Mar 2024 11:00:00 GMT", NOW)).toBe(0);
  });

  it.each([undefined, [], "", "soon", "-5", "1.5", "5 minutes", "0x10", "2024-03-05", "Tue"])(
    "is nothing when it is %j",
    (header) => {
      expect(retryAfter(header, NOW)).toBeUndefined();
    },
  );
});

describe("a request that broke off", () => {
  it("because nothing was received names the time and the setting, and is retried", () => {
    for (const error of [new errors.HeadersTimeoutError(), new errors.BodyTimeoutError()]) {
      const failure = networkFailure(error, context);
      expect(failure).toMatchObject({ code: "source", retryable: true, cause: error });
      expect(failure.message).toBe(`OTC sent nothing for 1.5 s (${context.url}).`);
      expect(failure.remedy).toContain("OTC_TIMEOUT_MS");
    }
  });

  it.each(["ECONNRESET", "ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_SOCKET"])(
    "with %s says so, and is retried",
    (code) => {
      const error = Object.assign(new Error(""), { code });
      const failure = networkFailure(error, context);
      expect(failure).toMatchObject({ code: "source", retryable: true, cause: error });
      expect(failure.message).toBe(`The connection to ${context.url} failed: ${code}.`);
    },
  );

  it("on every address of a name has the message of the first", () => {
    const error = new AggregateError([new Error("connect ECONNREFUSED 127.0.0.1:1"), new Error("other")]);
    expect(networkFailure(error, context).message).toContain("connect ECONNREFUSED 127.0.0.1:1");
  });

  it.each([
    "CERT_HAS_EXPIRED",
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "SELF_SIGNED_CERT_IN_CHAIN",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "ERR_TLS_CERT_ALTNAME_INVALID",
  ])("because of the certificate (%s) is not retried", (code) => {
    const failure = networkFailure(Object.assign(new Error("bad"), { code }), context);
    expect(failure).toMatchObject({ code: "source_rejected", retryable: false });
    expect(failure.message).toContain(code);
    expect(failure.remedy).toContain("OTC_API_CA_FILE");
  });

  it("with a SourceError stays that error", () => {
    const error = new SourceError("document", "The answer is empty.");
    expect(networkFailure(error, context)).toBe(error);
  });
});

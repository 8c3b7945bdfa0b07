import { describe, expect, test } from "vitest";
import { isLoopback, isLoopbackHostHeader } from "../../../src/config/loopback.ts";

describe("a host that only this machine can reach", () => {
  test.each(["127.0.0.1", "127.8.9.10", "localhost", "::1", "::ffff:127.0.0.1"])("is %s", async (host) => {
    expect(await isLoopback(host)).toBe(true);
  });

  test.each(["0.0.0.0", "::", "192.168.1.4", "128.0.0.1", "fe80::1", "no-such-host.invalid"])(
    "is not %j",
    async (host) => {
      expect(await isLoopback(host)).toBe(false);
    },
  );
});

describe("a Host header that means this machine", () => {
  test.each(["localhost", "localhost:8080", "127.0.0.1:8080", "[::1]:8080", "LOCALHOST"])(
    "is %s",
    (header) => {
      expect(isLoopbackHostHeader(header)).toBe(true);
    },
  );

  test.each([
    undefined,
    "",
    "evil.example",
    "localhost.evil.example:8080",
    "127.0.0.1.evil.example",
    "evil.example#localhost",
    "localhost@evil.example",
    "10.0.0.1",
  ])("is not %j", (header) => {
    expect(isLoopbackHostHeader(header)).toBe(false);
  });
});

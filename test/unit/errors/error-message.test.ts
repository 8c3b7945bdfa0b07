import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { errorMessage } from "../../../src/errors/error-message.ts";

describe("the message of an error", () => {
  test("says in words what is wrong with a file", () => {
    expect(errorMessage(thrownBy(() => readFileSync("/nowhere/x")))).toBe(
      "no such file or directory (/nowhere/x)",
    );
    expect(errorMessage(thrownBy(() => readFileSync("/")))).toMatch(/^[a-z ]+$/);
  });

  test("gives the reason of OpenSSL, without its numbers, functions and sources", () => {
    const error = new Error(
      "write EPROTO C0C7A5F2:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number:../deps/openssl/openssl/ssl/record/methods/tlsany_meth.c:84:\n",
    );
    expect(errorMessage(error)).toBe("TLS: wrong version number");
    expect(errorMessage(new Error("error:0480006C:PEM routines::no start line"))).toBe("TLS: no start line");
  });

  test("is that of the first error of several, and never empty", () => {
    expect(errorMessage(new AggregateError([new Error("first"), new Error("second")]))).toBe("first");
    expect(errorMessage(Object.assign(new Error(""), { code: "ECONNREFUSED" }))).toBe("ECONNREFUSED");
    expect(errorMessage(new TypeError(""))).toBe("TypeError");
    expect(errorMessage("text")).toBe("text");
  });
});

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type FailedAttempt, retryDelay, withRetries } from "../../../src/source/retry.ts";
import { SourceError } from "../../../src/errors/source-error.ts";

const settings = { retries: 3, baseMs: 10_000, maxWaitMs: 900_000 };
const failing = (options: { retryAfterMs?: number; retryable?: boolean } = {}) =>
  new SourceError("source", "OTC is down.", { retryable: true, ...options });

describe("the wait before a retry", () => {
  it("doubles from the base to at most five minutes", () => {
    const waits = [1, 2, 3, 4, 5, 6, 7, 100].map((attempt) => retryDelay(attempt, failing(), settings, 0));
    expect(waits).toEqual([10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000, 300_000]);
  });

  it("is jittered down by at most half", () => {
    const cases = fc.tuple(
      fc.integer({ min: 1, max: 200 }),
      fc.integer({ min: 0, max: 86_400_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
    );
    fc.assert(
      fc.property(cases, ([attempt, baseMs, random]) => {
        const full = retryDelay(attempt, failing(), { ...settings, baseMs }, 0);
        const wait = retryDelay(attempt, failing(), { ...settings, baseMs }, random);
        expect(wait).toBeLessThanOrEqual(full);
        expect(wait).toBeGreaterThanOrEqual(Math.floor(full / 2));
        expect(Number.isSafeInteger(wait)).toBe(true);
      }),
    );
  });

  it("is exactly what the server asked for", () => {
    for (const random of [0, 0.5, 1]) {
      expect(retryDelay(1, failing({ retryAfterMs: 0 }), settings, random)).toBe(0);
      expect(retryDelay(5, failing({ retryAfterMs: 7000 }), settings, random)).toBe(7000);
      expect(retryDelay(1, failing({ retryAfterMs: 900_000 }), settings, random)).toBe(900_000);
    }
  });

  it("is refused with the time when the server asks for a longer one than is allowed", () => {
    for (const retryAfterMs of [900_001, 6 * 3_600_000, 1e23]) {
      expect(() => retryDelay(1, failing({ retryAfterMs }), settings, 0)).toThrow(
        expect.objectContaining({
          code: "rate_limited",
          message: expect.stringMatching(/before \+?\d+-\d\d-\d\dT.*Z\.$/) as string,
        }) as Error,
      );
    }
  });
});

describe("an attempt", () => {
  const { signal } = new AbortController();
  const quick = { ...settings, baseMs: 1 };

  /** Runs attempts that fail with these errors, and then succeed. */
  async function run(errors: readonly Error[], limits = quick) {
    const attempts: number[] = [];
    const retries: FailedAttempt[] = [];
    const outcome = await withRetries(
      (number) => {
        attempts.push(number);
        const error = errors[number - 1];
        return error === undefined ? Promise.resolve("done") : Promise.reject(error);
      },
      limits,
      signal,
      (failed) => retries.push(failed),
    ).catch((error: unknown) => error);
    return { outcome, attempts, retries };
  }

  it("that succeeds is the only one", async () => {
    expect(await run([])).toEqual({ outcome: "done", attempts: [1], retries: [] });
  });

  it("that fails is retried until one succeeds, and each retry is announced with its wait", async () => {
    const errors = [failing({ retryAfterMs: 3 }), failing()];
    const { outcome, attempts, retries } = await run(errors);
    expect(outcome).toBe("done");
    expect(attempts).toEqual([1, 2, 3]);
    expect(retries.map(({ attempt, retriesLeft, error }) => [attempt, retriesLeft, error])).toEqual([
      [1, 3, errors[0]],
      [2, 2, errors[1]],
    ]);
    expect(retries[0]?.delayMs).toBe(3);
  });

  it("is made once and retried as often as configured, and the last error is thrown", async () => {
    const errors = [failing(), failing(), failing(), failing(), failing()];
    const { outcome, attempts, retries } = await run(errors);
    expect(attempts).toEqual([1, 2, 3, 4]);
    expect(retries).toHaveLength(3);
    expect(outcome).toBe(errors[3]);
    expect(await run(errors, { ...quick, retries: 0 })).toMatchObject({
      outcome: errors[0],
      attempts: [1],
      retries: [],
    });
  });

  it.each([
    ["an error that says so", failing({ retryable: false })],
    ["an error of another kind", new Error("fetch failed")],
    ["a defect", new TypeError("fetch failed")],
  ])("is not retried after %s", async (_case, error) => {
    const { outcome, attempts, retries } = await run([error]);
    expect(outcome).toBe(error);
    expect(attempts).toEqual([1]);
    expect(retries).toEqual([]);
  });

  it("waits before a retry as long as announced", async () => {
    const begun = performance.now();
    await run([failing({ retryAfterMs: 60 })]);
    expect(performance.now() - begun).toBeGreaterThan(55);
  });
});

describe("an interruption", () => {
  it("ends the wait for a retry at once, and there are no more attempts", async () => {
    const controller = new AbortController();
    let attempts = 0;
    const begun = performance.now();
    const run = withRetries(
      () => {
        attempts += 1;
        return Promise.reject(failing({ retryAfterMs: 60_000 }));
      },
      settings,
      controller.signal,
      () =>
        setTimeout(() => {
          controller.abort();
        }, 10),
    );
    await expect(run).rejects.toMatchObject({ name: "AbortError" });
    expect(attempts).toBe(1);
    expect(performance.now() - begun).toBeLessThan(1000);
  });

  it("that has already happened prevents every attempt", async () => {
    let attempts = 0;
    const begin = () => {
      attempts += 1;
      return Promise.resolve();
    };
    await expect(withRetries(begin, settings, AbortSignal.abort(), () => undefined)).rejects.toThrow("abort");
    expect(attempts).toBe(0);
  });
});

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { GraceSignal } from "../../../src/worker/grace-signal.ts";

const GRACE_MS = 20_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});

afterEach(() => {
  vi.useRealTimers();
});

test("a signal without work in progress follows at once, with the same reason", () => {
  const first = new AbortController();
  const grace = new GraceSignal(first.signal, GRACE_MS);
  const reason = new Error("told to stop");
  first.abort(reason);
  expect(grace.signal.reason).toBe(reason);
  expect(new GraceSignal(first.signal, GRACE_MS).signal.reason).toBe(reason);
});

test("work in progress may continue until its grace is over", async () => {
  const first = new AbortController();
  const grace = new GraceSignal(first.signal, GRACE_MS);
  const work = grace.during(
    () =>
      new Promise<string>((resolve) => {
        grace.signal.addEventListener("abort", () => {
          resolve("interrupted");
        });
      }),
  );
  first.abort();
  vi.advanceTimersByTime(GRACE_MS - 1);
  expect(grace.signal.aborted).toBe(false);
  vi.advanceTimersByTime(1);
  expect(await work).toBe("interrupted");
});

test("the signal follows when the work in progress has ended", async () => {
  const first = new AbortController();
  const grace = new GraceSignal(first.signal, GRACE_MS);
  const done = Promise.withResolvers<string>();
  const work = grace.during(() => done.promise);
  first.abort();
  expect(grace.signal.aborted).toBe(false);
  done.resolve("done");
  expect(await work).toBe("done");
  expect(grace.signal.aborted).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});

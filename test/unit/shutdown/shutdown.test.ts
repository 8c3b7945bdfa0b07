import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ROLLBACK_MS, Shutdown, SHUTDOWN_MS, type ShutdownStep } from "../../../src/shutdown/shutdown.ts";

const STEPS: readonly ShutdownStep[] = [
  "archive",
  "requests",
  "failure",
  "rejects",
  "spans",
  "connections",
  "process",
];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** A step that uses all of its time. */
function hanging(shutdown: Shutdown, step: ShutdownStep, usualMs: number): Promise<never> {
  return shutdown.within(
    step,
    usualMs,
    `${step} took too long`,
    (end) =>
      new Promise((_, reject) => {
        end.addEventListener("abort", () => {
          reject(end.reason as Error);
        });
      }),
  );
}

test("without an interruption, every step has its usual time", () => {
  const shutdown = Shutdown.of(new AbortController().signal);
  vi.advanceTimersByTime(60_000);
  expect(STEPS.map((step) => shutdown.leftMs(step, 20_000))).toEqual(STEPS.map(() => 20_000));
  expect(Shutdown.NONE.leftMs("spans", 2000)).toBe(2000);
});

test("steps that all hang end one after the other within five seconds, and each has some time", () => {
  const interruption = new AbortController();
  const shutdown = Shutdown.of(interruption.signal);
  interruption.abort();
  let ended = 0;
  for (const step of STEPS) {
    const left = shutdown.leftMs(step, 20_000);
    expect(left).toBeGreaterThan(0);
    vi.advanceTimersByTime(left);
    ended += left;
  }
  expect(ended).toBe(SHUTDOWN_MS);
});

test("the rejected records are given up early enough for a rollback before connections are closed", () => {
  const interruption = new AbortController();
  const shutdown = Shutdown.of(interruption.signal);
  interruption.abort();
  const [rejects, connections] = [
    shutdown.leftMs("rejects", Infinity),
    shutdown.leftMs("connections", Infinity),
  ];
  expect(connections - rejects).toBeGreaterThan(ROLLBACK_MS);
});

test("a step that ends early leaves its time to the next one", () => {
  const interruption = new AbortController();
  const shutdown = Shutdown.of(interruption.signal);
  interruption.abort();
  vi.advanceTimersByTime(100);
  const first = shutdown.leftMs("failure", 20_000);
  vi.advanceTimersByTime(400);
  expect(shutdown.leftMs("failure", 20_000)).toBe(first - 400);
  expect(shutdown.leftMs("failure", 50)).toBe(50);
});

test("an interruption shortens a step that has begun", async () => {
  const interruption = new AbortController();
  const shutdown = Shutdown.of(interruption.signal);
  const began = performance.now();
  const step = hanging(shutdown, "failure", 20_000);
  const ended = expect(step).rejects.toThrow("failure took too long");
  await vi.advanceTimersByTimeAsync(1000);
  interruption.abort();
  await vi.advanceTimersByTimeAsync(SHUTDOWN_MS);
  await ended;
  expect(performance.now() - began).toBeLessThanOrEqual(1000 + SHUTDOWN_MS);
  expect(vi.getTimerCount()).toBe(0);
});

test("whoever has the same signal has the same shutdown", () => {
  const interruption = new AbortController();
  const shutdown = Shutdown.of(interruption.signal);
  interruption.abort();
  vi.advanceTimersByTime(SHUTDOWN_MS);
  expect(Shutdown.of(interruption.signal)).toBe(shutdown);
  expect(Shutdown.of(interruption.signal).leftMs("process", 1000)).toBe(0);
});

test("the end of the time is told once, unless it is called off", () => {
  const interruption = new AbortController();
  const shutdown = Shutdown.of(interruption.signal);
  const told: string[] = [];
  shutdown.onOverdue(() => told.push("overdue"));
  const callOff = shutdown.onOverdue(() => told.push("called off"));
  interruption.abort();
  vi.advanceTimersByTime(SHUTDOWN_MS - 1);
  expect(told).toEqual([]);
  callOff();
  vi.advanceTimersByTime(SHUTDOWN_MS);
  expect(told).toEqual(["overdue"]);
});

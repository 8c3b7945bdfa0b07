import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { paceDelay, Pacer } from "../../../src/source/pace.ts";

const HOUR = 3_600_000;
const limits = { requestIntervalMs: 5000, viewGapMs: 30_000, requestsPerHour: 100 };
const { signal } = new AbortController();

describe("the pause before a request", () => {
  it("is none before the first", () => {
    expect(paceDelay([], "tickets", 1_000_000, limits)).toBe(0);
  });

  it("is five seconds after one for the same view, and thirty after one for another", () => {
    const past = [{ at: 1000, viewId: "tickets" }];
    expect(paceDelay(past, "tickets", 1000, limits)).toBe(5000);
    expect(paceDelay(past, "tickets", 4000, limits)).toBe(2000);
    expect(paceDelay(past, "tickets", 6000, limits)).toBe(0);
    expect(paceDelay(past, "comments", 1000, limits)).toBe(30_000);
    expect(paceDelay(past, "comments", 31_000, limits)).toBe(0);
  });

  it("is never shorter between views than between requests", () => {
    const past = [{ at: 0, viewId: "tickets" }];
    expect(paceDelay(past, "comments", 0, { ...limits, viewGapMs: 0 })).toBe(5000);
  });

  it("lasts until the oldest of the hour's requests is an hour old", () => {
    const past = Array.from({ length: 100 }, (_, index) => ({ at: index * 10_000, viewId: "tickets" }));
    expect(paceDelay(past, "tickets", 1_000_000, limits)).toBe(HOUR - 1_000_000);
    expect(paceDelay(past.slice(1), "tickets", 1_000_000, limits)).toBe(0);
    expect(paceDelay(past, "tickets", HOUR, limits)).toBe(0);
    expect(paceDelay(past, "tickets", 1_000_000, { ...limits, requestsPerHour: 1 })).toBe(
      990_000 + HOUR - 1_000_000,
    );
  });

  it("keeps every rule for any sequence of requests", () => {
    const asked = fc.array(fc.record({ viewId: fc.constantFrom("a", "b"), after: fc.nat(20_000) }), {
      maxLength: 60,
    });
    const rules = fc.record({
      requestIntervalMs: fc.nat(6000),
      viewGapMs: fc.nat(40_000),
      requestsPerHour: fc.integer({ min: 1, max: 20 }),
    });
    fc.assert(
      fc.property(asked, rules, (requests, rule) => {
        const past: { at: number; viewId: string }[] = [];
        let now = 0;
        for (const { viewId, after } of requests) {
          now += after;
          now += paceDelay(past, viewId, now, rule);
          past.push({ at: now, viewId });
        }
        past.forEach((request, index) => {
          const before = past[index - 1];
          if (before === undefined) return;
          expect(request.at - before.at).toBeGreaterThanOrEqual(rule.requestIntervalMs);
          if (before.viewId !== request.viewId)
            expect(request.at - before.at).toBeGreaterThanOrEqual(rule.viewGapMs);
          const inLastHour = past.slice(0, index + 1).filter(({ at }) => at > request.at - HOUR);
          expect(inLastHour.length).toBeLessThanOrEqual(rule.requestsPerHour);
        });
      }),
      { numRuns: 60 },
    );
  });
});

describe("a pacer", () => {
  it("lets the first request go, holds the next back and says for how long", async () => {
    const pacer = new Pacer({ requestIntervalMs: 150, viewGapMs: 150, requestsPerHour: 100 });
    const waits: number[] = [];
    await pacer.takeTurn("tickets", signal, (ms) => waits.push(ms));
    expect(waits).toEqual([]);
    const begun = performance.now();
    await pacer.takeTurn("tickets", signal, (ms) => waits.push(ms));
    expect(waits).toHaveLength(1);
    expect(waits[0]).toBeGreaterThan(30);
    expect(performance.now() - begun).toBeGreaterThan(30);
  });

  it("counts the pause from the end of the answer, which may take minutes", async () => {
    const pacer = new Pacer({ requestIntervalMs: 150, viewGapMs: 150, requestsPerHour: 100 });
    const waits: number[] = [];
    await pacer.takeTurn("tickets", signal, () => undefined);
    await new Promise((resolve) => setTimeout(resolve, 160));
    pacer.answered("tickets");
    await pacer.takeTurn("tickets", signal, (ms) => waits.push(ms));
    expect(waits).toHaveLength(1);
    expect(waits[0]).toBeGreaterThan(20);
  });

  it("gives up its wait at once when it is interrupted, and counts no request", async () => {
    const pacer = new Pacer({ requestIntervalMs: 60_000, viewGapMs: 60_000, requestsPerHour: 100 });
    await pacer.takeTurn("tickets", signal, () => undefined);
    const controller = new AbortController();
    const waits: number[] = [];
    const turn = pacer.takeTurn("tickets", controller.signal, (ms) => {
      waits.push(ms);
      setTimeout(() => {
        controller.abort();
      }, 5);
    });
    await expect(turn).rejects.toMatchObject({ name: "AbortError" });
    expect(waits).toHaveLength(1);
  });
});

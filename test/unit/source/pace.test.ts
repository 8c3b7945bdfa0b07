import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { paceDelay, type PastRequest } from "../../../src/throttle/pace.ts";

const HOUR = 3_600_000;
const limits = { requestIntervalMs: 5000, viewGapMs: 30_000, requestsPerHour: 100 };

/** A request that was answered at once, unless told otherwise. */
function request(
  requestedAt: number,
  viewId = "tickets",
  answeredAt: number | null = requestedAt,
): PastRequest {
  return { viewId, requestedAt, answeredAt };
}

describe("the pause before a request", () => {
  it("is zero before the first request", () => {
    expect(paceDelay([], "tickets", 1_000_000, limits)).toBe(0);
  });

  it("is five seconds after one for the same view, and thirty after one for another", () => {
    const past = [request(1000)];
    expect(paceDelay(past, "tickets", 1000, limits)).toBe(5000);
    expect(paceDelay(past, "tickets", 4000, limits)).toBe(2000);
    expect(paceDelay(past, "tickets", 6000, limits)).toBe(0);
    expect(paceDelay(past, "comments", 1000, limits)).toBe(30_000);
    expect(paceDelay(past, "comments", 31_000, limits)).toBe(0);
  });

  it("begins with the end of the response, or with the request while the response is being received", () => {
    expect(paceDelay([request(1000, "tickets", 61_000)], "tickets", 61_000, limits)).toBe(5000);
    expect(paceDelay([request(1000, "tickets", null)], "tickets", 4000, limits)).toBe(2000);
  });

  it("is never shorter between views than between requests", () => {
    const past = [request(0)];
    expect(paceDelay(past, "comments", 0, { ...limits, viewGapMs: 0 })).toBe(5000);
  });

  it("lasts until the oldest of the hour's requests is an hour old", () => {
    const past = Array.from({ length: 100 }, (_, index) => request(index * 10_000));
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
        const past: PastRequest[] = [];
        let now = 0;
        for (const { viewId, after } of requests) {
          now += after;
          now += paceDelay(past, viewId, now, rule);
          past.push(request(now, viewId));
        }
        past.forEach(({ requestedAt, viewId }, index) => {
          const before = past[index - 1];
          if (before === undefined) return;
          const pause = requestedAt - before.requestedAt;
          expect(pause).toBeGreaterThanOrEqual(rule.requestIntervalMs);
          if (before.viewId !== viewId) expect(pause).toBeGreaterThanOrEqual(rule.viewGapMs);
          const inLastHour = past.slice(0, index + 1).filter((past) => past.requestedAt > requestedAt - HOUR);
          expect(inLastHour.length).toBeLessThanOrEqual(rule.requestsPerHour);
        });
      }),
      { numRuns: 60 },
    );
  });
});

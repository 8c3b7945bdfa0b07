import { describe, expect, test } from "vitest";
import { NoAnswerYet, CoalescingCache } from "../../../src/web/reading/coalescing-cache.ts";

describe("reads that are shared", () => {
  test("run once for all simultaneous callers, and for those of the next second", async () => {
    const reads = new CoalescingCache<number>(1000);
    let count = 0;
    const read = (): Promise<number> => Promise.resolve((count += 1));
    const asked = await Promise.all([reads.get("a", read), reads.get("a", read), reads.get("b", read)]);
    expect(asked.map(({ value }) => value)).toEqual([1, 1, 2]);
    expect(await reads.get("a", read)).toMatchObject({ value: 1, old: false });
  });

  test("that take too long return the last value, and the new value is used later", async () => {
    const reads = new CoalescingCache<string>(10);
    await expect(reads.get("a", () => new Promise<never>(() => undefined))).rejects.toThrow(NoAnswerYet);

    const held = Promise.withResolvers<string>();
    expect(await reads.get("b", () => Promise.resolve("first"))).toMatchObject({ value: "first" });
    await new Promise((resolve) => setTimeout(resolve, 1010));
    expect(await reads.get("b", () => held.promise)).toMatchObject({ value: "first", old: true });
    held.resolve("second");
    const never = (): Promise<string> => Promise.reject(new Error("This is not asked for."));
    expect(await reads.get("b", never)).toMatchObject({ value: "second", old: false });
  });

  test("that fail reject for all waiting callers, and the next caller tries again", async () => {
    const reads = new CoalescingCache<string>(1000);
    const fail = (): Promise<string> => Promise.reject(new Error("The server is down."));
    const answers = await Promise.allSettled([reads.get("a", fail), reads.get("a", fail)]);
    expect(answers.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(await reads.get("a", () => Promise.resolve("up"))).toMatchObject({ value: "up" });
  });
});

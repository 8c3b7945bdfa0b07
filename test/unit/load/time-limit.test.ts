import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { withTimeLimit } from "../../../src/load/time-limit.ts";

const never = new AbortController().signal;

test("a time limit ends work that takes longer, with a remedy", async () => {
  await expect(
    withTimeLimit(20, never, (signal) => sleep(10_000, undefined, { signal })),
  ).rejects.toMatchObject({ cause: { code: "timeout", remedy: expect.stringContaining("--timeout") } });
});

test.each([0, 2 ** 31, 30 * 86_400_000, Number.MAX_VALUE])(
  "a time limit of %i ms, longer than a timer supports or none, does not end quick work",
  async (limitMs) => {
    await expect(withTimeLimit(limitMs, never, (signal) => sleep(30, "done", { signal }))).resolves.toBe(
      "done",
    );
  },
);

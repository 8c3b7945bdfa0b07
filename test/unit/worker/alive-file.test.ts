import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { expect, onTestFinished, test, vi } from "vitest";
import { keepAliveFile } from "../../../src/worker/alive-file.ts";

test("the file of --alive-file gets a new time every ten seconds, until the worker stops", async () => {
  const folder = await mkdtemp(join(tmpdir(), "otc-etl-alive-"));
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "Date"] });
  onTestFinished(async () => {
    vi.useRealTimers();
    await rm(folder, { recursive: true });
  });
  const path = join(folder, "alive");
  const touchedAt = async (): Promise<number> => (await stat(path)).mtimeMs;
  const alive = await keepAliveFile(path, pino({ level: "silent" }));
  for (let times = 0; times < 2; times += 1) {
    vi.advanceTimersByTime(10_000);
    // Some file systems round the time.
    await expect.poll(touchedAt).toBeCloseTo(Date.now(), -1);
  }
  alive.stop();
  const last = await touchedAt();
  vi.advanceTimersByTime(60_000);
  expect(vi.getTimerCount()).toBe(0);
  expect(await touchedAt()).toBe(last);
});

test("a file that cannot be created stops the start of the worker", async () => {
  await expect(keepAliveFile("/nowhere/alive", pino({ level: "silent" }))).rejects.toThrow("/nowhere/alive");
});

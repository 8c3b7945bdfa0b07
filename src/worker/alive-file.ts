import { utimes, writeFile } from "node:fs/promises";
import type { Logger } from "pino";

/** How often the file is touched, in milliseconds. */
const INTERVAL_MS = 10_000;

/**
 * Touches a file every ten seconds while this process responds, for a liveness probe that looks at its time. A load does
 * not delay it.
 */
export async function keepAliveFile(path: string, log: Logger): Promise<{ stop(): void }> {
  await writeFile(path, "");
  const timer = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch((error: unknown) => {
      log.warn({ error }, `the file ${path} of --alive-file could not be touched`);
    });
  }, INTERVAL_MS);
  timer.unref();
  return {
    stop: () => {
      clearInterval(timer);
    },
  };
}

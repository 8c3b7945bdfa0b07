import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

/** Where Debian's package puts it, unless the environment names another. */
const CHROMIUM = process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium";

/** Whether there is a Chromium; says so on stderr when there is none. */
export function chromiumInstalled(): boolean {
  if (existsSync(CHROMIUM)) return true;
  process.stderr.write(
    `\n!!! The pages are NOT tested in a browser: there is no ${CHROMIUM} (apt-get install chromium, or CHROMIUM_PATH)\n\n`,
  );
  return false;
}

/** A real browser without a window. */
export function startChromium(): Promise<Browser> {
  // Chromium refuses to run as root with its sandbox.
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return chromium.launch({ executablePath: CHROMIUM, args });
}

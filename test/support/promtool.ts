import { spawnSync } from "node:child_process";
import { describe, test } from "vitest";

const INSTALLED = spawnSync("promtool", ["--version"]).status === 0;

/** A `describe` of what Prometheus's own tool judges. Where it is missing the suite counts as skipped, and stderr says so. */
export function describeWithPromtool(title: string, body: () => void): void {
  if (INSTALLED) {
    describe(title, body);
    return;
  }
  process.stderr.write(`SKIPPED "${title}": there is no promtool (apt-get install prometheus)\n`);
  describe.skip(title, () => {
    test("needs promtool", () => undefined);
  });
}

/** Runs promtool; `output` is all that it says. */
export function promtool(
  args: readonly string[],
  input = "",
): { readonly code: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync("promtool", args, { input, encoding: "utf8" });
  return { code: status, output: stdout + stderr };
}

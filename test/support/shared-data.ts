import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, test } from "vitest";

/** The path of a file of `shared/data`, the real records beside the checkout, or undefined where they are not. */
function sharedData(name: string): string | undefined {
  const path = fileURLToPath(new URL(`../../../shared/data/${name}`, import.meta.url));
  return existsSync(path) ? path : undefined;
}

/**
 * A `describe` over one file of the shared data. Where it is missing the suite counts as skipped, and stderr says so:
 * a green run without the real records must not look like one with them.
 *
 * @example
 * describeWithSharedData("the real tickets", "tickets.json.gz", (path) => {
 *   test("are 6,183", async () => { … });
 * });
 */
export function describeWithSharedData(title: string, name: string, body: (path: string) => void): void {
  const path = sharedData(name);
  if (path !== undefined) {
    describe(title, () => {
      body(path);
    });
    return;
  }
  process.stderr.write(`SKIPPED "${title}": ../shared/data/${name} is not beside this checkout\n`);
  describe.skip(title, () => {
    test(`needs ../shared/data/${name}`, () => undefined);
  });
}

import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import type { CliContext } from "../../../src/cli/cli-context.ts";
import { createLogger } from "../../../src/cli/logger.ts";

/** What is logged of a failure, in one of the formats. */
async function logged(logFormat: "text" | "json"): Promise<string> {
  const stderr = new PassThrough();
  const log = createLogger(
    { env: {}, stderr: stderr as unknown as CliContext["stderr"] },
    { quiet: false, verbose: false, logFormat, flags: { "api-url": "http://desk" } },
    {
      show: () => undefined,
      above: (write) => {
        write();
      },
      stop: () => undefined,
    },
  );
  log.error({ view: "tickets", remedy: "Check OTC_API_URL.\nforged" }, "rolled back: no answer");
  stderr.end();
  return (await stderr.setEncoding("utf8").toArray()).join("");
}

test("a text log has the date, the time and the zone, and a remedy on a line of its own", async () => {
  expect(await logged("text")).toMatch(
    /^\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}\] ERROR: rolled back: no answer \{"view":"tickets"\}\n {2}→ Check --api-url\.\\nforged\n$/,
  );
});

test("a JSON log has the remedy in its object", async () => {
  expect(JSON.parse(await logged("json"))).toMatchObject({
    level: "error",
    remedy: "Check --api-url.\nforged",
  });
});

import { expect, test } from "vitest";
import type { RunDetails } from "../../../src/runs/queries/read-runs.ts";
import { repeatCommand } from "../../../src/web/runs/repeat-command.ts";

const run = (values: Partial<RunDetails>): string | undefined =>
  repeatCommand({ kind: "load", view: "tickets", source: null, archiveFile: null, runId: 7, ...values });

test("the command that repeats a run depends on its kind, and quotes a file for the shell", () => {
  expect(run({ source: "https://otc.example/api?id=1" })).toBe("otc-etl load tickets");
  expect(run({ source: "/data/it's here.json" })).toBe(
    "otc-etl load tickets --from '/data/it'\\''s here.json'",
  );
  expect(run({ kind: "import", source: "old.xlsx" })).toBe("otc-etl import old.xlsx --view tickets");
  expect(run({ kind: "retry" })).toBe("otc-etl rejects retry --view tickets");
  expect(run({ kind: "replay", archiveFile: "tickets.json" })).toBe("otc-etl replay 7");
  expect(run({ kind: "replay" })).toBeUndefined();
});

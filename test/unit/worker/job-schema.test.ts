import { expect, test } from "vitest";
import { jobSchema } from "../../../src/worker/job-schema.ts";

test("the schema of the jobs has the tables' schema in its name, which needs no quotes", () => {
  expect(jobSchema("servicedesk")).toBe("servicedesk_jobs");
  for (const awkward of ['Service "Desk"; drop', "Servicedesk", "büro", "x".repeat(60), "pg-boss"]) {
    expect(jobSchema(awkward)).toMatch(/^otc_jobs_[0-9a-f]{16}$/);
  }
  expect(jobSchema("Servicedesk")).not.toBe(jobSchema("serviceDesk"));
});

import { PROBLEM_CONDITIONS, viewProblems } from "../runs/health/status-problems.ts";
import type { Scrape } from "./scrape.ts";

/** What is wrong with each view, as alerts and `status --check` decide it. */
export function addProblems({ exposition, healths, settings }: Scrape): void {
  const problem = exposition.gauge(
    "otc_etl_problem",
    ["view", "condition"],
    "1 while the condition holds for the view, as alerts and status --check decide it; otherwise 0.",
  );
  const limits = { maxAgeSeconds: settings.maxAgeMs / 1000, maxRollbackRate: settings.maxRollbackRate };
  for (const health of healths) {
    const found = viewProblems(health, limits);
    for (const condition of PROBLEM_CONDITIONS) {
      const holds = found.some((each) => each.condition === condition);
      problem.set({ view: health.view, condition }, holds ? 1 : 0);
    }
  }
}

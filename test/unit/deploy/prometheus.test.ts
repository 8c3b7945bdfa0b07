import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { PROBLEM_CONDITIONS } from "../../../src/runs/health/status-problems.ts";
import { deployedFile, expressionsOf, readAlerts, readDashboard } from "../../support/deployed-files.ts";
import { describeWithPromtool, promtool } from "../../support/promtool.ts";
import { temporaryFolder } from "../../support/run-cli.ts";

describe("the alert rules", () => {
  test("give a severity, a remedy and a link", async () => {
    for (const { alert, labels, annotations } of await readAlerts()) {
      expect(labels["severity"], alert).toMatch(/^(critical|warning)$/);
      expect(annotations["summary"], alert).toBeTruthy();
      expect(annotations["description"], alert).toBeTruthy();
      expect(annotations["runbook"], alert).toMatch(/^docs\/operations\.md#[a-z-]+$/);
    }
  });

  /** Conditions that metrics of their own tell earlier or more exactly, and what is normal. */
  const TOLD_OTHERWISE = {
    failed: "otc_etl_failures_in_row",
    partial: "otc_etl_quarantine_growth_records",
    stale: "otc_etl_last_success_timestamp_seconds",
    "rollback-rate": "otc_etl_rollback_ratio",
    "never-loaded": "otc_etl_last_success_timestamp_seconds",
    "quarantine-growth": "otc_etl_quarantine_growth_records",
  };

  test("cover every condition of alerts and `status --check`", async () => {
    const expressions = (await readAlerts()).map(({ expr }) => expr);
    const byCondition = expressions.flatMap(
      (expr) => /otc_etl_problem\{condition=~?"([a-z|-]+)"\}/.exec(expr)?.[1]?.split("|") ?? [],
    );
    expect([...byCondition, ...Object.keys(TOLD_OTHERWISE)].sort()).toEqual([...PROBLEM_CONDITIONS].sort());
    for (const metric of Object.values(TOLD_OTHERWISE)) expect(expressions.join("\n")).toContain(metric);
  });

  describeWithPromtool("to Prometheus", () => {
    test("are valid, and fire only when they should", () => {
      const valid = promtool(["check", "rules", deployedFile("prometheus/otc-etl.rules.yml")]);
      expect(valid.code, valid.output).toBe(0);
      const tested = promtool(["test", "rules", deployedFile("prometheus/otc-etl.rules.test.yml")]);
      expect(tested.code, tested.output).toBe(0);
    });
  });
});

describe("the dashboard", () => {
  test("has panels with unique ids, units and enough space, on the chosen data source", async () => {
    const { panels, templating } = await readDashboard();
    expect(templating.list.find(({ name }) => name === "datasource")).toMatchObject({ type: "datasource" });
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const taken = new Set<string>();
    for (const { title, type, description, gridPos, datasource, fieldConfig, targets = [] } of panels) {
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        expect(x, title).toBeLessThan(24);
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken, title).not.toContain(`${x} ${y}`);
          taken.add(`${x} ${y}`);
        }
      }
      if (type === "row") continue;
      expect(description, title).toBeTruthy();
      expect(datasource?.uid, title).toBe("${datasource}");
      expect(fieldConfig?.defaults.unit, title).toBeTruthy();
      expect(targets.length, title).toBeGreaterThan(0);
    }
  });

  describeWithPromtool("to Prometheus", () => {
    test("contains valid PromQL", async () => {
      const expressions = expressionsOf(await readDashboard());
      const rules = expressions.map((expr, index) => ({
        record: `panel:${index}`,
        // Grafana fills these in.
        expr: expr.replaceAll("$__interval", "1d"),
      }));
      const file = join(await temporaryFolder(), "expressions.yml");
      // JSON is YAML.
      await writeFile(file, JSON.stringify({ groups: [{ name: "dashboard", rules }] }));
      const valid = promtool(["check", "rules", file]);
      expect(valid.code, valid.output).toBe(0);
    });
  });
});

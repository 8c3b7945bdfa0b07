import { expect, test } from "vitest";
import tickets from "../../../src/views/definitions/tickets.ts";
import { expressionsOf, readAlerts, readDashboard } from "../../support/deployed-files.ts";
import { describeEachDatabase } from "../../support/each-database.ts";
import { expositionOf, metricNamesOf } from "../../support/exposition.ts";
import { load } from "../../support/load-records.ts";
import { describeWithPromtool, promtool } from "../../support/promtool.ts";
import { ticket } from "../../support/sample-records.ts";

const metricsIn = (text: string): readonly string[] => text.match(/\botc_etl_\w+/g) ?? [];

describeEachDatabase(
  "the metrics",
  (target) => {
    test("include everything that the alerts and the dashboard query", async () => {
      const known = [...metricNamesOf(await expositionOf((await target.fresh()).open()))];
      const inAlerts = (await readAlerts()).flatMap(({ expr }) => metricsIn(expr));
      const dashboard = await readDashboard();
      const variables = dashboard.templating.list.flatMap(({ definition = "" }) => metricsIn(definition));
      const inDashboard = [...expressionsOf(dashboard).flatMap(metricsIn), ...variables];
      expect(known).toEqual(expect.arrayContaining([...inAlerts, ...inDashboard]));
      // What an alert is about can be looked at on the dashboard.
      expect(inDashboard).toEqual(expect.arrayContaining(inAlerts));
      expect(new Set(inAlerts).size).toBeGreaterThanOrEqual(9);
      expect(new Set(inDashboard).size).toBeGreaterThanOrEqual(15);
    });

    describeWithPromtool("read by Prometheus", () => {
      test("are well formed, before the first load and after it", async () => {
        const loader = (await target.fresh()).open();
        const wellFormed = { code: 0, output: "" };
        expect(promtool(["check", "metrics"], await expositionOf(loader))).toEqual(wellFormed);
        await load(loader, tickets, [ticket(1), ticket("?")]);
        expect(promtool(["check", "metrics"], await expositionOf(loader))).toEqual(wellFormed);
      });
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);

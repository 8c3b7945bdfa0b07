import { expect, onTestFinished, test } from "vitest";
import type { SoakPlace } from "../../soak/faults.ts";
import { killLoads } from "../../soak/kill-loads.ts";
import { TableCheck } from "../../soak/model/check-tables.ts";
import { SourceModel } from "../../soak/model/source-model.ts";
import { Command } from "../../soak/processes/command.ts";
import { SoakDatabase } from "../../soak/processes/soak-database.ts";
import { FaultProxy } from "../../soak/proxy/fault-proxy.ts";
import { sourceEnv } from "../../soak/source-env.ts";
import { parseScale } from "../../src/simulator/scale.ts";
import { startSimulator } from "../../src/simulator/server.ts";
import { describeEachDatabase } from "../support/each-database.ts";

const SCALE = parseScale("20")!;

describeEachDatabase(
  "the soak",
  (target) => {
    async function place() {
      const database = await target.fresh();
      const url = new URL(database.env["OTC_DATABASE_URL"]!);
      const proxy = await FaultProxy.start({ host: url.hostname, port: Number(url.port) });
      onTestFinished(() => proxy.close());
      const soak: SoakPlace = { database: new SoakDatabase(url.href), proxy, crashServer: undefined };
      url.port = String(proxy.port);
      return { database, soak, env: { OTC_DATABASE_URL: url.href } };
    }

    test("hits loads by faults, and finds the tables equal to its model", async () => {
      const { soak, env } = await place();
      const result = await killLoads(soak, env, { kills: 2, seed: 1, scale: SCALE }, () => undefined);
      expect(result).toMatchObject({ kills: 2, problems: [] });
    });

    test("finds a row that is missing or wrong, and a rejected record that is not in quarantine", async () => {
      const { database, soak, env } = await place();
      const model = new SourceModel(1, SCALE);
      model.serve({ day: 0, flaws: 1 });
      const simulator = await startSimulator({ seed: 1, scale: SCALE, flaws: 1, corrections: true });
      onTestFinished(() => simulator.close());
      const { code, stderr } = await new Command(["load"], { ...env, ...sourceEnv(simulator.url) }).result;
      expect(code, stderr).toBe(3);
      const check = new TableCheck(model);
      const problems = () => soak.database.with((client) => check.check(client));
      expect(await problems()).toEqual([]);

      const table = (name: string) => database.table(name);
      await database.sql(
        `delete from ${table("comments")} where comment_id = (select min(comment_id) from ${table("comments")})`,
      );
      await database.sql(
        `update ${table("tickets")} set "TKT-Status" = 'Lost'
         where "TKT-Ticket ID" = (select min("TKT-Ticket ID") from ${table("tickets")})`,
      );
      await database.sql(`delete from ${table("etl_rejects")} where view_name = 'timesheets'`);
      expect(await problems()).toEqual([
        expect.stringMatching(/^tickets .*TKT-Status: "Lost" instead of/),
        expect.stringMatching(/^comments .*: missing$/),
        expect.stringMatching(/^comments .*: missing$/),
        "timesheets: 0 of 1 rejected records are in quarantine",
      ]);
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);

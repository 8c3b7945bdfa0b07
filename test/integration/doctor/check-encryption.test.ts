import { expect, test } from "vitest";
import type { Environment } from "../../../src/config/read-settings.ts";
import { readSettings } from "../../../src/config/read-settings.ts";
import { checkEncryption } from "../../../src/doctor/check-encryption.ts";
import { describeEachDatabase } from "../../support/each-database.ts";

describeEachDatabase("the check of encryption", (target) => {
  test("warns of passwords and records that leave the machine without TLS", async () => {
    const database = await target.fresh();
    const { env: place } = database;
    const loader = database.open();
    const check = async (env: Environment) => {
      const results = await checkEncryption(readSettings({ ...place, ...env }), () => loader.database());
      return results.map(({ state, finding }) => `${state}: ${finding}`);
    };
    const local = "ok: without TLS, on this machine only";
    const here = target.engine === "embedded" ? "ok: the connection does not leave this machine" : local;
    expect(await check({})).toEqual([
      "skipped: OTC_API_URL is not set",
      "skipped: OTC_ALERT_WEBHOOK is not set",
      here,
    ]);
    expect(
      await check({
        OTC_API_URL: "http://otc.invalid/api",
        OTC_ALERT_WEBHOOK: "http://192.0.2.1/hook/secret",
      }),
    ).toEqual([
      "warning: the password and all records go to otc.invalid without TLS",
      "warning: the secret address of the webhook goes to 192.0.2.1 without TLS",
      here,
    ]);
    expect(
      await check({ OTC_API_URL: "https://otc.invalid/", OTC_ALERT_WEBHOOK: "http://[::1]:8080/" }),
    ).toEqual(["ok: TLS", local, here]);
    if (target.engine === "embedded") return;
    // The same server under the name of another machine.
    const elsewhere = "warning: the records go to db.invalid without TLS";
    expect((await check({ OTC_DATABASE_URL: "postgres://db.invalid/x" }))[2]).toBe(elsewhere);
    expect((await check({ OTC_DATABASE_URL: undefined, OTC_PG_HOST: "db.invalid" }))[2]).toBe(elsewhere);
    const socket = "ok: the connection does not leave this machine";
    expect((await check({ OTC_DATABASE_URL: "postgres:///x?host=/run/postgresql" }))[2]).toBe(socket);
    expect((await check({ OTC_DATABASE_URL: undefined, OTC_PG_HOST: "/run/postgresql" }))[2]).toBe(socket);
  });
});

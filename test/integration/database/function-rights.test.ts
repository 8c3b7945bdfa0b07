import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { Client } from "pg";
import { describe, expect, inject, onTestFinished, test } from "vitest";
import { pino } from "pino";
import { checkDatabase } from "../../../src/doctor/check-database.ts";
import { migrate } from "../../../src/loader/migrate.ts";
import { Loader } from "../../../src/loader/loader.ts";
import { viewCatalog } from "../../../src/views/catalog.ts";
import comments from "../../../src/views/definitions/comments.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import { load } from "../../support/load-records.ts";
import { migrateBy, migrateUpTo } from "../../support/migrate-by.ts";
import { createTestDatabase } from "../../support/postgres-database.ts";
import { rightsOfLoader } from "../../support/database-role.ts";
import { comment, ticket, timesheet } from "../../support/sample-records.ts";

const PASSWORD = "secret of the test";

/** The newest migration of an otc-etl whose functions everybody could execute. */
const BEFORE_RIGHTS = 21;

/** What somebody who may only read does to act as the owner: his own totals, with a trigger, and a run that fires ours. */
const ATTACK = `
  create temporary table ran_as (name text);
  grant insert on ran_as to public;
  create function pg_temp.act() returns trigger language plpgsql as $$
    begin insert into pg_temp.ran_as values (current_user); return new; end
  $$;
  create temporary table etl_run_totals (like servicedesk.etl_run_totals including all);
  grant all on etl_run_totals to public;
  create trigger act before insert on pg_temp.etl_run_totals for each row execute function pg_temp.act();
  create temporary table bait (like servicedesk.etl_metadata including defaults including identity);
  create trigger bait after insert on bait for each row execute function servicedesk.add_run_to_totals();
  insert into bait (view_name, load_status, source, host, pid, otc_etl_version, error_code)
    values ('tickets', 'success', 'trial', 'trial', 0, 'trial', '')`;

/** The same with tables that stand before ours in the search path. */
const DECOY = `
  create temporary table ran_as (name text);
  grant insert on ran_as to public;
  create function pg_temp.act() returns trigger language plpgsql as $$
    begin insert into pg_temp.ran_as values (current_user); return new; end
  $$;
  create temporary table teams (like servicedesk.teams including all);
  grant all on teams to public;
  create trigger act before insert on pg_temp.teams for each row execute function pg_temp.act();
  set search_path = pg_temp, servicedesk;
  select servicedesk.refresh_teams()`;

describe.each(inject("postgres"))("the roles of operations.md on PostgreSQL $major", ({ url }) => {
  /** A database with its roles as the page creates them, under names of the test's own. */
  async function documentedRoles() {
    const page = await readFile(new URL("../../../docs/operations.md", import.meta.url), "utf8");
    const [, statements = ""] = /^### Roles$[^]*?```sql\n([^]*?)```/m.exec(page) ?? [];
    const suffix = randomBytes(6).toString("hex");
    const roleOf = (role: string): string => `${role}_${suffix}`;
    const named = (sql: string): string =>
      sql
        .replaceAll(/\b(otc_etl|otc_web|analysts)\b/g, (role) => roleOf(role))
        .replaceAll("'…'", `'${PASSWORD}'`);
    const database = await createTestDatabase(url);
    const asSuperuser = async (sql: string, on = database.url): Promise<void> => {
      const client = new Client(on);
      await client.connect();
      try {
        await client.query(sql);
      } finally {
        await client.end();
      }
    };
    const roles = ["otc_etl", "otc_web", "analysts", "loads", "reads", "reads_all"];
    onTestFinished(async () => {
      await database.drop();
      await asSuperuser(roles.map((role) => `drop role if exists ${roleOf(role)};`).join(" "), url);
    });
    await asSuperuser(named(statements));
    await asSuperuser(`alter role ${roleOf("analysts")} login password '${PASSWORD}'`);
    const urlOf = (role: string): string => {
      const own = new URL(database.url);
      own.username = roleOf(role);
      own.password = PASSWORD;
      return own.href;
    };
    /** Runs statements as a role, in one session. @returns who the trigger of an attack ran as, or why it did not */
    const attack = async (role: string, sql: string): Promise<string> => {
      const client = new Client(urlOf(role));
      await client.connect();
      try {
        await client.query("set default_transaction_read_only = off");
        await client.query(sql);
        const { rows } = await client.query<{ name: string }>("select name from pg_temp.ran_as");
        return rows.map(({ name }) => name).join(", ") || "nobody";
      } catch (error) {
        return (error as Error).message;
      } finally {
        await client.end();
      }
    };
    return { database, roleOf, urlOf, named, asSuperuser, attack };
  }

  test("cannot act as the owner through a function of otc-etl, and can still read and load", async () => {
    const { roleOf, urlOf, named, asSuperuser, attack, database } = await documentedRoles();
    const env = { OTC_DATABASE_URL: urlOf("otc_etl") };
    await migrateBy(env);
    const loader = new Loader({ env, flags: {}, log: pino({ level: "silent" }) });
    await load(loader, tickets, [ticket(1)]);
    const checks = await checkDatabase(() => loader.database(), await viewCatalog());
    await loader.close();
    expect(checks.filter(({ state }) => state !== "ok")).toEqual([]);

    // One who only loads, as the page has it, and one who reads and came later.
    await asSuperuser(
      `create role ${roleOf("loads")} login password '${PASSWORD}'; create role ${roleOf("reads")} login password '${PASSWORD}'`,
    );
    await asSuperuser(
      `create role ${roleOf("reads_all")} login password '${PASSWORD}' in role pg_read_all_data`,
    );
    const page = await readFile(new URL("../../../docs/operations.md", import.meta.url), "utf8");
    const reader = /A role that reads[^]*?```sql\n([^]*?)```/.exec(page)?.[1] ?? "";
    await asSuperuser((await rightsOfLoader()).replaceAll("otc_etl", roleOf("loads")));
    await asSuperuser(reader.replaceAll("analysts", roleOf("reads")));

    for (const role of ["otc_web", "analysts", "reads", "reads_all"]) {
      expect({ role, as: await attack(role, ATTACK) }).toEqual({
        role,
        as: "permission denied for function servicedesk.add_run_to_totals",
      });
      expect(await attack(role, DECOY)).toBe("permission denied for function refresh_teams");
      const session = new Client(urlOf(role));
      await session.connect();
      const { rows } = await session.query<{ query: string }>(
        named(`select 'select * from servicedesk.' || quote_ident(relname) as query from pg_class
         where relnamespace = 'servicedesk'::regnamespace and relkind in ('r', 'v') order by relname`),
      );
      const calls = ["get_team_backlog('Network')", "get_user_workload('ann')", "get_full_name('ann')"];
      for (const call of calls) await session.query(`select servicedesk.${call}`);
      for (const { query } of rows) await session.query(query);
      await session.end();
    }
    // A loader executes them, as itself; the decoy is not what the function is bound to.
    expect(await attack("loads", ATTACK)).toBe(roleOf("loads"));
    expect(await attack("loads", DECOY)).toBe("nobody");
    const asLoader = new Loader({
      env: { OTC_DATABASE_URL: urlOf("loads") },
      flags: {},
      log: pino({ level: "silent" }),
    });
    expect(await load(asLoader, tickets, [ticket(1), ticket(2)])).toMatchObject({ inserted: 1, errors: 0 });
    await asLoader.close();

    const superuser = new Client(database.url);
    await superuser.connect();
    const { rows } = await superuser.query(
      `select proname, prosecdef and coalesce(proconfig::text, '') !~ 'search_path' as unbound
       from pg_proc where pronamespace = 'servicedesk'::regnamespace
         and (has_function_privilege('public', oid, 'execute') or prosecdef and coalesce(proconfig::text, '') !~ 'search_path')`,
    );
    await superuser.end();
    expect(
      rows,
      "functions that everybody can execute, or that run as their owner on any search path",
    ).toEqual([]);
  });

  test("keep their rights when an older database is migrated, and the doctor checks them", async () => {
    const { database, roleOf, urlOf, asSuperuser, attack } = await documentedRoles();
    const env = { OTC_DATABASE_URL: database.url };
    await migrateUpTo(15, env);
    await asSuperuser(`create role ${roleOf("loads")} login password '${PASSWORD}'`);
    // The tables of missing rows came later, and so did the rights on them.
    const rights = (await rightsOfLoader()).replace(/grant delete on servicedesk\.etl_missing[^;]*;/, "");
    await asSuperuser(rights.replaceAll("otc_etl", roleOf("loads")));
    await migrateUpTo(BEFORE_RIGHTS, env);
    await asSuperuser(`grant select on all tables in schema servicedesk to ${roleOf("analysts")}`);
    await asSuperuser(
      `create role ${roleOf("reads")} login password '${PASSWORD}';
       grant select on servicedesk.ticket_history, servicedesk.timesheets to ${roleOf("reads")}`,
    );
    expect(await attack("analysts", ATTACK)).toBe("postgres");

    const loader = new Loader({ env, flags: {}, log: pino({ level: "silent" }) });
    const ownerOf = async () => {
      const checks = await checkDatabase(() => loader.database(), await viewCatalog());
      return checks.find(({ name }) => name === "owner");
    };
    expect(await ownerOf()).toMatchObject({ state: "warning", remedy: "Run `otc-etl migrate`." });
    await migrate(loader, new AbortController().signal);
    expect(await ownerOf()).toMatchObject({
      state: "warning",
      finding: expect.stringContaining("postgres is a superuser"),
    });
    await loader.close();

    expect(await attack("analysts", ATTACK)).toBe(
      "permission denied for function servicedesk.add_run_to_totals",
    );
    const asLoader = new Loader({
      env: { OTC_DATABASE_URL: urlOf("loads") },
      flags: {},
      log: pino({ level: "silent" }),
    });
    expect(await load(asLoader, tickets, [ticket(1)])).toMatchObject({ inserted: 1, errors: 0 });
    for (const hours of [1, 2]) {
      await load(asLoader, timesheets, [timesheet("ann", { "TS-Hours": hours })]);
      await load(asLoader, comments, [comment(1, { "TKTCT-Comment": `${hours}` })]);
    }
    const rightsOnHistory = await (
      await asLoader.database()
    ).query(
      `select role, string_agg(relation, ', ' order by relation) as readable
       from unnest($1::text[]) as role
       cross join unnest(array['servicedesk.ticket_history', 'servicedesk.timesheet_history', 'servicedesk.comment_history'])
         as relation
       where has_table_privilege(role, relation, 'select') group by role order by role`,
      [["analysts", "loads", "reads"].map(roleOf)],
    );
    const all = "servicedesk.comment_history, servicedesk.ticket_history, servicedesk.timesheet_history";
    expect(rightsOnHistory.rows).toEqual([
      { role: roleOf("analysts"), readable: all },
      { role: roleOf("loads"), readable: all },
      // Whoever may not read the comments may not read what they were.
      { role: roleOf("reads"), readable: "servicedesk.ticket_history, servicedesk.timesheet_history" },
    ]);
    const checks = await checkDatabase(() => asLoader.database(), await viewCatalog());
    expect(checks.find(({ name }) => name === "rights")).toMatchObject({ state: "ok" });
    await asSuperuser(`revoke insert on servicedesk.comment_history from ${roleOf("loads")}`);
    const lacking = await checkDatabase(() => asLoader.database(), await viewCatalog());
    expect(lacking.find(({ name }) => name === "rights")).toMatchObject({
      state: "failed",
      finding: "missing: INSERT on comment_history",
    });
    expect(checks.find(({ name }) => name === "missing rows")).toMatchObject({ state: "ok" });
    const refreshed = await (
      await asLoader.database()
    ).query("select servicedesk.refresh_teams(), servicedesk.refresh_status_stays()");
    expect(refreshed.rowCount).toBe(1);
    await asLoader.close();
  });
});

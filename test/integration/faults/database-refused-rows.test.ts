import { describe, expect, inject, onTestFinished, test } from "vitest";
import tickets from "../../../src/views/definitions/tickets.ts";
import { expectNothingLeft, type FaultyDatabase, faultyDatabase } from "../../support/database-fault.ts";
import { rightsOfLoader, roleOn } from "../../support/database-role.ts";
import { load } from "../../support/load-records.ts";
import { many, ticket } from "../../support/sample-records.ts";

const [server] = inject("postgres").slice(-1);

const COUNT = 1000;

/** Three of a thousand have a severity that is not allowed: two are new, one changes a row. */
const BAD = [3, 500, 777];

const DOCUMENT = many(COUNT, (number) =>
  ticket(number, BAD.includes(number) ? { "TKT-Severity": "666" } : {}),
);

/** Three descents of ten halvings, both halves, a savepoint each, and two for the noted row; far from one per row. */
const FEW_SAVEPOINTS = 3 * 10 * 2 + 3 * 2 + 3;

interface Refusal {
  readonly name: string;
  readonly sqlState: string;
  readonly message: RegExp;
  readonly sql: string;
}

const REFUSALS: readonly Refusal[] = [
  {
    name: "a trigger that raises an exception",
    sqlState: "P0001",
    message: /severity 666 is not ours/,
    sql: `create function servicedesk.refuse() returns trigger language plpgsql as $$
          begin
            if new."TKT-Severity" = '666' then raise exception 'severity % is not ours', new."TKT-Severity"; end if;
            return new;
          end $$;
          create trigger refuse before insert or update on servicedesk.tickets
            for each row execute function servicedesk.refuse()`,
  },
  {
    name: "a trigger that raises it at the end of the transaction",
    sqlState: "P0001",
    message: /too late/,
    sql: `create function servicedesk.refuse() returns trigger language plpgsql as $$
          begin
            if new."TKT-Severity" = '666' then raise exception 'too late'; end if;
            return null;
          end $$;
          create constraint trigger refuse after insert or update on servicedesk.tickets
            deferrable initially deferred for each row execute function servicedesk.refuse()`,
  },
  {
    name: "an exclusion constraint",
    sqlState: "23P01",
    message: /conflicting key value violates exclusion constraint "only_one"/,
    sql: `insert into servicedesk.tickets ("TKT-Ticket ID", "TKT-Severity") values (100000, '666');
          alter table servicedesk.tickets add constraint only_one
            exclude (("TKT-Severity") with =) where ("TKT-Severity" = '666')`,
  },
  {
    name: "a column that must not be null any more",
    sqlState: "23502",
    message: /null value in column "clean"/,
    sql: `alter table servicedesk.tickets
            add column clean text generated always as (nullif("TKT-Severity", '666')) stored;
          update servicedesk.tickets set "TKT-Severity" = 'low';
          alter table servicedesk.tickets alter column clean set not null`,
  },
  {
    name: "the policy of a table with row-level security",
    sqlState: "42501",
    message: /new row violates row-level security policy/,
    sql: `alter table servicedesk.tickets enable row level security;
          create policy severities on servicedesk.tickets using (true)
            with check ("TKT-Severity" is distinct from '666')`,
  },
];

describe.skipIf(server === undefined)("rows that are rejected by", () => {
  test.each(REFUSALS)(
    "$name go to quarantine alone, with few savepoints",
    async ({ sql, sqlState, message }) => {
      const database = await faultyDatabase(server!.url, onTestFinished);
      const { env } = await roleOn(database, "", await rightsOfLoader());
      await database.sql(sql);
      const before = await severities(database);
      // Not as superuser, to whom no policy applies.
      const outcome = await load(database.open(env), tickets, DOCUMENT.map(withSeverity));
      expect(outcome).toMatchObject({ status: "partial", fetched: COUNT, inserted: 978, errors: 3 });
      expect(outcome.metrics.savepoints).toBeLessThanOrEqual(FEW_SAVEPOINTS);
      const rejects = await database.sql<{ message: string }>(
        `select position::int, reason, sql_state, message, record_key from servicedesk.etl_rejects order by position`,
      );
      expect(rejects).toEqual(
        BAD.map((position) => ({
          position,
          reason: "refused_by_database",
          sql_state: sqlState,
          message: expect.stringMatching(message),
          record_key: `TKT-Ticket ID="${position}"`,
        })),
      );
      // The row that would have been changed is as it was.
      expect((await severities(database)).get(3)).toBe(before.get(3));
      await expectNothingLeft(database);
    },
  );
});

const MANY = 2000;

/** One in forty. */
const MANY_REFUSED = MANY / 40;

/** A refused row costs the attempt that finds it and one at it alone; the halves of ranges cost the others. */
const SAVEPOINTS_OF_MANY = 2 * MANY_REFUSED + 4 * Math.ceil(MANY / 128) + 10;

describe.skipIf(server === undefined)("many rows that are rejected by a trigger", () => {
  test("cost a few savepoints each, whether they are new or change a row", async () => {
    const database = await faultyDatabase(server!.url, onTestFinished);
    const loader = database.open();
    const records = (severity: string) =>
      many(MANY, (number) => ticket(number, { "TKT-Severity": number % 40 === 1 ? severity : "low" }));
    await database.sql(REFUSALS[0]!.sql);
    const inserted = await load(loader, tickets, records("666"), { maxErrors: "100%" });
    expect(inserted).toMatchObject({ fetched: MANY, errors: MANY_REFUSED });
    expect(inserted.metrics.savepoints).toBeLessThanOrEqual(SAVEPOINTS_OF_MANY);
    await database.sql("alter table servicedesk.tickets disable trigger refuse");
    await load(loader, tickets, records("low"));
    await database.sql(`update servicedesk.tickets set "TKT-Severity" = 'high'`);
    await database.sql("alter table servicedesk.tickets enable trigger refuse");
    const updated = await load(loader, tickets, records("666"), { maxErrors: "100%" });
    expect(updated).toMatchObject({ fetched: MANY, errors: MANY_REFUSED, inserted: 0 });
    expect(updated.updated).toBe(MANY - MANY_REFUSED);
    expect(updated.metrics.savepoints).toBeLessThanOrEqual(SAVEPOINTS_OF_MANY);
    await expectNothingLeft(database);
  });
});

/** Every other ticket has a severity as well. */
function withSeverity(record: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { "TKT-Severity": "low", ...record };
}

async function severities(database: FaultyDatabase): Promise<Map<number, string | null>> {
  const rows = await database.sql<{ id: number; severity: string | null }>(
    `select "TKT-Ticket ID"::int as id, "TKT-Severity" as severity from servicedesk.tickets`,
  );
  return new Map(rows.map(({ id, severity }) => [id, severity]));
}

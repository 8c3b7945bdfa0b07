import { expect, test } from "vitest";
import comments from "../../../src/views/definitions/comments.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import { type DatabaseUnderTest, describeEachDatabase } from "../../support/each-database.ts";
import { load, plan } from "../../support/load-records.ts";
import { comment, ticket } from "../../support/sample-records.ts";

const CHANGES = "run_id, ticket_id, changed_at, column_name, old_value, new_value";

function historyOf(database: DatabaseUnderTest): Promise<readonly unknown[]> {
  return database.sql(`select ${CHANGES} from ${database.table("ticket_history")} order by history_id`);
}

const at = (time: string) => new Date(`${time}Z`);

describeEachDatabase("the history of tickets", (target) => {
  test("contains each tracked change of written rows once, and shows how long a status lasted", async () => {
    const database = await target.fresh();
    const loader = database.open();
    await load(
      loader,
      tickets,
      [1, 2, 3].map((id) => ticket(id)),
    );
    await database.sql(
      `alter table ${database.table("tickets")} add constraint no_team check ("TKT-Team" <> 'Nobody')`,
    );
    expect(await historyOf(database)).toEqual([]);

    const second = [
      ticket(1, {
        "TKT-Status": "Active",
        "TKT-Team": null,
        "TKT-Assigned To User": "ann",
        "TKT-Title": "not tracked",
        "TKT-Modified Time": "2025-03-04 10:00:00",
      }),
      ticket(2, { "TKT-Status": "Active" }),
      ticket(3, { "TKT-Status": "Active", "TKT-Team": "Nobody" }),
      ticket(4, { "TKT-Status": "Active" }),
    ];
    const run = await load(loader, tickets, second);
    const change = (ticketId: number, column: string, before: string | null, after: string | null) => ({
      run_id: run.runId,
      ticket_id: ticketId,
      changed_at: ticketId === 1 ? at("2025-03-04T10:00:00") : expect.any(Date),
      column_name: column,
      old_value: before,
      new_value: after,
    });
    const seen = [
      change(1, "TKT-Assigned To User", null, "ann"),
      change(1, "TKT-Status", "Open", "Active"),
      change(1, "TKT-Team", "Network", null),
      change(2, "TKT-Status", "Open", "Active"),
    ];
    const history = await historyOf(database);
    expect(history).toHaveLength(4);
    expect(history).toEqual(expect.arrayContaining(seen));
    const [own] = await database.sql<{ own: boolean }>(
      `select bool_and(changed_at >= load_start) as own
       from ${database.table("ticket_history")} join ${database.table("etl_metadata")} using (run_id)
       where ticket_id = 2`,
    );
    // The ticket does not say that it was modified, so the load does.
    expect(own).toEqual({ own: true });

    await load(loader, tickets, second);
    await plan(loader, tickets, [ticket(1)], { allowShrink: true });
    expect(await historyOf(database)).toEqual(history);

    await load(loader, tickets, [
      ticket(1, { "TKT-Assigned To User": "bob", "TKT-Modified Time": "2025-03-05 10:00:00" }),
      ...second.slice(1),
    ]);
    expect(
      await database.sql(
        `select status, is_current, periods, first_since, seconds_in_status > 86400 * 365 as years,
           case when not is_current then seconds_in_status::float8 end as seconds
         from ${database.table("v_ticket_time_in_status")} where ticket_id = 1 order by status`,
      ),
    ).toEqual([
      {
        status: "Active",
        is_current: false,
        periods: 1,
        first_since: at("2025-03-04T10:00:00"),
        years: false,
        seconds: 86_400,
      },
      // From its creation, long before its history began, and again.
      {
        status: "Open",
        is_current: true,
        periods: 2,
        first_since: at("2025-03-01T08:00:00"),
        years: true,
        seconds: null,
      },
    ]);
    expect(
      await database.sql(
        `select ticket_id, status, periods from ${database.table("v_ticket_time_in_status")}
         where ticket_id > 2 order by ticket_id`,
      ),
    ).toEqual([
      { ticket_id: 3, status: "Open", periods: 1 },
      { ticket_id: 4, status: "Active", periods: 1 },
    ]);
    expect(
      await database.sql(
        `select ticket_id, reassignments, team_changes, last_change is not null as changed
         from ${database.table("v_ticket_reassignments")} where ticket_id < 3 order by ticket_id`,
      ),
    ).toEqual([
      { ticket_id: 1, reassignments: 1, team_changes: 1, changed: true },
      { ticket_id: 2, reassignments: 0, team_changes: 0, changed: false },
    ]);
  });

  test("tracks the columns that the settings name", async () => {
    const database = await target.fresh();
    const chosen = database.open({ OTC_HISTORY_COLUMNS: "TKT-Due Date, TKT-Account Id" });
    const changed = { "TKT-Status": "Active", "TKT-Due Date": "5/3/2025 10:00", "TKT-Account Id": 7 };
    await load(chosen, tickets, [ticket(1), ticket(2)]);
    await load(chosen, tickets, [ticket(1, changed), ticket(2)]);
    await load(chosen, comments, [comment(1)]);
    await chosen.close();
    const none = database.open({ OTC_HISTORY_COLUMNS: "none" });
    await load(none, tickets, [ticket(1), ticket(2, changed)]);
    const { rows } = await (
      await none.database()
    ).query(
      `select column_name, old_value, new_value from ${database.table("ticket_history")} order by column_name`,
    );
    expect(rows).toEqual([
      { column_name: "TKT-Account Id", old_value: null, new_value: "7" },
      { column_name: "TKT-Due Date", old_value: null, new_value: "2025-03-05T10:00:00.000000Z" },
    ]);
    const wrong = database.open({ OTC_HISTORY_COLUMNS: "TKT-Status,TKT-Satus" });
    await expect(load(wrong, comments, [comment(1)])).rejects.toMatchObject({
      code: "configuration",
      message: 'OTC_HISTORY_COLUMNS names what has no history: "TKT-Satus".',
      remedy: expect.stringContaining("TKT-Title, TKT-Description, TKT-Status"),
    });
  });
});

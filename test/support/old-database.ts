import { quoteIdentifier } from "../../src/database/identifier.ts";
import type { DatabaseUnderTest } from "./each-database.ts";
import type { Fields } from "./load-records.ts";

/** How many rows an old database has; the extra ones repeat the key of another. */
export interface OldRows {
  readonly tickets: number;
  readonly extraTickets: number;
  readonly timesheets: number;
  readonly extraTimesheets: number;
}

/** Everyone has one timesheet a day, from this day on; clocks change at half past two, when they are modified. */
const FIRST_DAY = "2024-02-01";
const PEOPLE = 50;

/** The zone whose wall time the old timestamps are. */
export const OLD_ZONE = "Europe/Vienna";

/**
 * What the script that otc-etl replaces left behind: no keys, duplicates, narrow types, columns missing, texts for truth
 * values, and analysts' views on top. Of two rows with one key the first half of the extra ones is older, though inserted
 * later; the others are modified at the same time.
 */
export async function createOldTables(database: DatabaseUnderTest, rows: OldRows): Promise<void> {
  const { tickets, timesheets, comments, etl_metadata } = Object.fromEntries(
    ["tickets", "timesheets", "comments", "etl_metadata"].map((name) => [name, database.table(name)]),
  );
  const ticket = (notes: string, age: string) =>
    `select i, 'Ticket ' || i, 'Open', 'Incident', 'Network', '${notes}',
       timestamp '${FIRST_DAY}' + i * interval '1 minute',
       timestamp '${FIRST_DAY}' + i * interval '2 minutes' - interval '${age}'`;
  const timesheet = (notes: string, age: string) =>
    `select 'user ' || i % ${PEOPLE}, date '${FIRST_DAY}' + i / ${PEOPLE},
       case i % 3 when 0 then '08:00' when 1 then '' end, case when i % 5 > 0 then i end, i % 8 + 0.25,
       case when i % 2 = 0 then 'Yes' else 'no' end, case i when 3 then 'pending' end, '${notes}',
       date '${FIRST_DAY}' + i / ${PEOPLE} + time '02:30' - interval '${age}'`;
  const half = (count: number): number => Math.floor(count / 2);
  for (const statement of [
    `create schema if not exists ${quoteIdentifier(database.schema)}`,
    `create table ${tickets} ("TKT-Ticket ID" integer, "TKT-Title" varchar(200), "TKT-Status" text,
       "TKT-Category" text, "TKT-Team" text, "Legacy Note" text, "TKT-Created Time" timestamp,
       "TKT-Modified Time" timestamp)`,
    `insert into ${tickets} ${ticket("first", "0")} from generate_series(1, ${rows.tickets}) i`,
    `insert into ${tickets} ${ticket("older", "1 day")} from generate_series(1, ${half(rows.extraTickets)}) i`,
    `insert into ${tickets} ${ticket("again", "0")}
     from generate_series(${half(rows.extraTickets) + 1}, ${rows.extraTickets}) i`,
    `insert into ${tickets} ("TKT-Title") values ('Nobody knows which')`,
    `create index tickets_modified_time on ${tickets} ("TKT-Modified Time")`,
    `create table ${timesheets} ("TS-User Username" text, "TS-Date" timestamp, "TS-Time From" text,
       "TS-Crm ID" integer, "TS-Hours" numeric(5,2), "TS-Billable" text not null, "TS-Approved" text,
       "TS-Notes" text, "TS-Modified Time" timestamp)`,
    `insert into ${timesheets} ${timesheet("first", "0")} from generate_series(1, ${rows.timesheets}) i`,
    `insert into ${timesheets} ${timesheet("older", "1 day")}
     from generate_series(1, ${half(rows.extraTimesheets)}) i`,
    `insert into ${timesheets} ${timesheet("again", "0")}
     from generate_series(${half(rows.extraTimesheets) + 1}, ${rows.extraTimesheets}) i`,
    `create table ${comments} (comment_id integer not null, ticket_id integer, comment_text text, user_id integer,
       created_time timestamp, visible_to_customer text)`,
    `insert into ${comments} values (1, 7, 'Seen', 12, '2024-10-27 02:30', 'Yes'), (2, 7, 'Hidden', 13, null, 'No')`,
    `create table ${etl_metadata} (view_name text, last_load_time timestamp not null, records_fetched integer,
       records_inserted integer, records_updated integer, load_status text)`,
    `insert into ${etl_metadata} values
       ('tickets', '2025-01-01 02:00', 4, 2, 1, 'SUCCESS'), ('tickets', '2025-01-02 02:00', 0, 0, 0, 'timed out')`,
    `create view ${database.table("monthly_hours")} as
     select date_trunc('month', "TS-Date") as month, sum("TS-Hours") as hours from ${timesheets} group by 1`,
    `create view ${database.table("public_comments")} as
     select comment_id, comment_text from ${comments} where visible_to_customer = 'Yes'`,
    `create materialized view ${database.table("team_tickets")} as
     select "TKT-Team" as team, min("TKT-Ticket ID") as first, count(*) as tickets from ${tickets} group by 1`,
  ]) {
    await database.sql(statement);
  }
}

/** The timesheet of that number as OTC serves it, when it is the newest row of its key that is meant. */
export function oldTimesheet(number: number, { extraTimesheets }: OldRows): Fields {
  const day = new Date(Date.parse(FIRST_DAY) + Math.floor(number / PEOPLE) * 86_400_000);
  const date = day.toISOString().slice(0, 10);
  const again = number > Math.floor(extraTimesheets / 2) && number <= extraTimesheets;
  return {
    "TS-User Username": `user ${number % PEOPLE}`,
    "TS-Date": `${date} 00:00:00`,
    "TS-Time From": number % 3 === 0 ? "08:00" : "",
    "TS-Crm ID": number % 5 > 0 ? number : null,
    "TS-Hours": (number % 8) + 0.25,
    "TS-Billable": number % 2 === 0 ? "Yes" : "No",
    "TS-Notes": again ? "again" : "first",
    "TS-Modified Time": `${date} 02:30:00`,
  };
}

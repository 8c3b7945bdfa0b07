import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import comments from "../../../src/views/definitions/comments.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import type { View } from "../../../src/views/view.ts";
import { describeEachDatabase, type DatabaseUnderTest } from "../../support/each-database.ts";
import { type Fields, load } from "../../support/load-records.ts";
import { describeWithSharedData } from "../../support/shared-data.ts";

/** A value that must not be loaded. */
class Bad extends Error {}

type Kind = "text" | "integer" | "numeric" | "boolean" | "timestamp";

/** Column by column what the contract says, written down a second time: nothing here comes from the code under test. */
interface Expectation {
  readonly view: View;
  /** Column, field, kind. */
  readonly columns: readonly (readonly [column: string, field: string, kind: Kind])[];
  /** Fields of the key; those in `nullable` may be null. */
  readonly key: readonly string[];
  readonly nullable: readonly string[];
}

function sameNames(kind: Kind, names: string): (readonly [string, string, Kind])[] {
  return names.split(", ").map((name) => [name, name, kind] as const);
}

const TICKETS: Expectation = {
  view: tickets,
  columns: [
    ...sameNames("integer", "TKT-Ticket ID, TKT-Assigned To Userid, TKT-Created By Userid, TKT-Account Id"),
    ...sameNames(
      "timestamp",
      "TKT-Created Time, TKT-Modified Time, TKT-Actual Resolution Date, TKT-Closure Date, TKT-Due Date, TKT-Actual Response Date",
    ),
    ...sameNames(
      "text",
      "TKT-Title, TKT-Description, TKT-Status, TKT-Severity, TKT-Category, TKT-Team, TKT-Platform, TKT-Group, " +
        "TKT-Assigned To User, TKT-Created By User, TKT-Account Name, TKT-Client Name, TKT-SLA, TKT-SLA Met, " +
        "TKT-Response Met, TKT-Resolution Met, TKT-SLA Clock Status, TKT-Solution, TKT-Root Cause Category, " +
        "TKT-Resolution/Change Type, TKT-Ticket Source",
    ),
  ],
  key: ["TKT-Ticket ID"],
  nullable: [],
};

const COMMENTS: Expectation = {
  view: comments,
  columns: [
    ["comment_id", "TKTCT-CommentID", "integer"],
    ["ticket_id", "TKTCT-TicketID", "integer"],
    ["comment_text", "TKTCT-Comment", "text"],
    ["user_id", "TKTCT-UserID", "text"],
    ["user_name", "TKTCT-Username", "text"],
    ["owner_type", "TKTCT-OwnerType", "text"],
    ["created_time", "TKTCT-Created Time", "timestamp"],
    ["visible_to_customer", "TKTCT-VisibleCustomer", "boolean"],
    ["comment_type", "TKTCT-Type", "text"],
    ["team", "TKTCT-Team", "text"],
  ],
  key: ["TKTCT-CommentID"],
  nullable: [],
};

const TIMESHEETS: Expectation = {
  view: timesheets,
  columns: [
    ...sameNames("timestamp", "TS-Date, TS-Modified Time"),
    ...sameNames("numeric", "TS-Hours"),
    ...sameNames("integer", "TS-Crm ID"),
    ...sameNames("boolean", "TS-Billable, TS-Approved"),
    ...sameNames(
      "text",
      "TS-User Username, TS-User Full Name, TS-Time From, TS-Time To, TS-Category, TS-Sub Category, TS-Type, " +
        "TS-Ticket Project Master Code, TS-Description, TS-Notes, TS-Account Name, TS-Account Selcom, TS-Costcentre, " +
        "TS-Charge Code, TS-Client Bill Code",
    ),
  ],
  key: ["TS-User Username", "TS-Date", "TS-Time From", "TS-Crm ID"],
  nullable: ["TS-Time From", "TS-Crm ID"],
};

/** The value in the form that `selectOf` reads it back in: a text, or null. */
function expected(kind: Kind, value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (kind === "text") return typeof value === "string" ? storable(value) : JSON.stringify(value);
  if (value === "") return null;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  switch (kind) {
    case "integer":
      if (!/^-?\d+(\.0+)?$/.test(text)) throw new Bad(text);
      return BigInt(text.replace(/\..*/, "")).toString();
    case "numeric": {
      if (!/^-?\d+([.,]\d+)?$/.test(text)) throw new Bad(text);
      return text.replace(",", ".");
    }
    case "boolean":
      if (/^(true|yes|y|1)$/i.test(text)) return "true";
      if (/^(false|no|n|0)$/i.test(text)) return "false";
      throw new Bad(text);
    case "timestamp":
      return expectedTimestamp(text);
    default:
      return kind satisfies never;
  }
}

function expectedTimestamp(text: string): string {
  const dayFirst = /^(\d+)\/(\d+)\/(\d{4})(?: (\d+):(\d+)(?::(\d+))?)?$/.exec(text);
  const iso = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?)?(Z|[+-]\d\d:?\d\d)?$/.exec(
    text,
  );
  if (dayFirst === null && iso === null) throw new Bad(text);
  const [year, month, day, hour, minute, second] = (
    dayFirst === null ? iso!.slice(1, 7) : [dayFirst[3], dayFirst[2], dayFirst[1], ...dayFirst.slice(4, 7)]
  ).map((part) => Number(part ?? 0)) as [number, number, number, number, number, number];
  const wall = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  // Date.UTC turns the 30th of February into the 1st of March.
  if (wall.getUTCMonth() !== month - 1 || wall.getUTCDate() !== day || wall.getUTCHours() !== hour)
    throw new Bad(text);
  const zone = /^([+-])(\d\d):?(\d\d)$/.exec(iso?.[8] ?? "");
  const minutes = zone === null ? 0 : (zone[1] === "-" ? -1 : 1) * (Number(zone[2]) * 60 + Number(zone[3]));
  const utc = new Date(wall.getTime() - minutes * 60_000).toISOString();
  const fraction = (iso?.[7] ?? ".").slice(1).padEnd(6, "0").slice(0, 6);
  return `${utc.slice(0, 10)} ${utc.slice(11, 19)}.${fraction}`;
}

function storable(text: string): string {
  return text.replaceAll("\0", "").toWellFormed();
}

function selectOf({ view, columns }: Expectation, database: DatabaseUnderTest): string {
  const cells = columns.map(([column, , kind], index) => {
    const name = `"${column}"`;
    const cell =
      kind === "timestamp"
        ? `to_char(${name} at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')`
        : `${name}::text`;
    return `${cell} as c${index}`;
  });
  return `select ${cells.join(", ")}, extra from ${database.table(view.table)}`;
}

/** What the table should hold after one load of the records into an empty table. */
function expectedRows({ columns, key, nullable }: Expectation, records: readonly Fields[]) {
  const rows = new Map<string, string>();
  let errors = 0;
  for (const record of records) {
    try {
      const cells = columns.map(([, field, kind]) =>
        expected(kind, key.includes(field) && record[field] === "" ? null : record[field]),
      );
      const keyCells = key.map((field) => cells[columns.findIndex((column) => column[1] === field)] ?? null);
      if (keyCells.some((cell, index) => cell === null && !nullable.includes(key[index]!)))
        throw new Bad("no key");
      const unknown = Object.entries(record).filter(
        ([field]) => !columns.some((column) => column[1] === field),
      );
      rows.set(
        JSON.stringify(keyCells),
        JSON.stringify([...cells, unknown.length === 0 ? null : Object.fromEntries(unknown)]),
      );
    } catch (error) {
      if (!(error instanceof Bad)) throw error;
      errors += 1;
    }
  }
  return { rows: [...rows.values()].sort(), errors };
}

for (const expectation of [TICKETS, COMMENTS, TIMESHEETS]) {
  const { name } = expectation.view;
  describeWithSharedData(`the real ${name}`, `${name}.json.gz`, (path) => {
    const document = gunzipSync(readFileSync(path)).toString("utf8");
    const records = (JSON.parse(document) as { message: { data: Fields[] } }).message.data;

    describeEachDatabase(
      "on",
      (target) => {
        test("arrive cell by cell, and not again", async () => {
          const database = await target.fresh();
          const loader = database.open();
          const { rows, errors } = expectedRows(expectation, records);
          const first = await load(loader, expectation.view, document, { maxErrors: "100%" });
          expect(first).toMatchObject({
            fetched: records.length,
            inserted: rows.length,
            updated: 0,
            errors,
            duplicates: records.length - errors - rows.length,
          });
          const stored = await database.sql<Record<string, unknown>>(selectOf(expectation, database));
          expect(stored.map((row) => JSON.stringify(Object.values(row))).sort()).toEqual(rows);

          const second = await load(loader, expectation.view, document, { maxErrors: "100%" });
          expect(second).toMatchObject({ inserted: 0, updated: 0, unchanged: rows.length, errors });
        });
      },
      (target) => target.name === "embedded" || target.name === "PostgreSQL 18",
    );
  });
}

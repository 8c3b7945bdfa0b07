/**
 * What tables should hold after loads, computed a second time from the contract alone: nothing in this file comes from
 * the code under test, so a misunderstanding there cannot hide here. It knows only the spellings of the real records; any
 * other is a bad value here.
 */
type Kind = "text" | "time" | "integer" | "numeric" | "boolean" | "timestamp";

/** A view as the contract describes it. */
export interface ViewContract {
  readonly name: "tickets" | "comments" | "timesheets";
  readonly columns: readonly ContractColumn[];
  /** Fields of the key; those in `nullable` may be null. */
  readonly key: readonly string[];
  readonly nullable: readonly string[];
  /** Fields that an update never overwrites. */
  readonly insertOnly: readonly string[];
}

interface ContractColumn {
  readonly column: string;
  readonly field: string;
  readonly kind: Kind;
}

export type SentRecord = Readonly<Record<string, unknown>>;

/** A row: the texts of its columns in the contract's order, then `extra`. */
type Cells = readonly (string | null)[];

/** Rows by key. */
export type Rows = ReadonlyMap<string, Cells>;

export interface ExpectedTable {
  readonly rows: Rows;
  /** Records that belong in quarantine, each with the fields that may be blamed. Positions count from 1. */
  readonly rejected: readonly {
    readonly position: number;
    readonly fields: readonly string[];
    readonly record: SentRecord;
  }[];
}

/** Records of one view, served as one document, and the wall time they are meant in. */
export interface Served {
  readonly contract: ViewContract;
  readonly records: readonly SentRecord[];
  readonly timeZone: string;
}

function sameNames(kind: Kind, fields: string): ContractColumn[] {
  return fields.split(", ").map((field) => ({ column: field, field, kind }));
}

const TICKETS: ViewContract = {
  name: "tickets",
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
  insertOnly: ["TKT-Created Time"],
};

const COMMENTS: ViewContract = {
  name: "comments",
  columns: [
    { column: "comment_id", field: "TKTCT-CommentID", kind: "integer" },
    { column: "ticket_id", field: "TKTCT-TicketID", kind: "integer" },
    { column: "comment_text", field: "TKTCT-Comment", kind: "text" },
    { column: "user_id", field: "TKTCT-UserID", kind: "text" },
    { column: "user_name", field: "TKTCT-Username", kind: "text" },
    { column: "owner_type", field: "TKTCT-OwnerType", kind: "text" },
    { column: "created_time", field: "TKTCT-Created Time", kind: "timestamp" },
    { column: "visible_to_customer", field: "TKTCT-VisibleCustomer", kind: "boolean" },
    { column: "comment_type", field: "TKTCT-Type", kind: "text" },
    { column: "team", field: "TKTCT-Team", kind: "text" },
  ],
  key: ["TKTCT-CommentID"],
  nullable: [],
  insertOnly: ["TKTCT-Created Time"],
};

const TIMESHEETS: ViewContract = {
  name: "timesheets",
  columns: [
    ...sameNames("timestamp", "TS-Date, TS-Modified Time"),
    ...sameNames("numeric", "TS-Hours"),
    ...sameNames("integer", "TS-Crm ID"),
    ...sameNames("boolean", "TS-Billable, TS-Approved"),
    ...sameNames("time", "TS-Time From"),
    ...sameNames(
      "text",
      "TS-User Username, TS-User Full Name, TS-Time To, TS-Category, TS-Sub Category, TS-Type, " +
        "TS-Ticket Project Master Code, TS-Description, TS-Notes, TS-Account Name, TS-Account Selcom, TS-Costcentre, " +
        "TS-Charge Code, TS-Client Bill Code",
    ),
  ],
  key: ["TS-User Username", "TS-Date", "TS-Time From", "TS-Crm ID"],
  nullable: ["TS-Time From", "TS-Crm ID"],
  insertOnly: [],
};

export const CONTRACTS: readonly ViewContract[] = [TICKETS, COMMENTS, TIMESHEETS];

/** A value that must not be loaded. */
class BadValue extends Error {}

/** @param before what the table held when the load began */
export function expectedTable(
  { contract, records, timeZone }: Served,
  before: Rows = new Map(),
): ExpectedTable {
  const { columns, insertOnly } = contract;
  const sent = new Map<string, Cells>();
  const rejected: ExpectedTable["rejected"][number][] = [];
  records.forEach((record, index) => {
    const { cells, bad } = convert(contract, record, timeZone);
    if (bad.length > 0) rejected.push({ position: index + 1, fields: bad, record });
    // The last of several records with one key wins; one in quarantine is none.
    else sent.set(keyOf(contract, cells), cells);
  });

  const rows = new Map(before);
  for (const [key, cells] of sent) {
    const old = before.get(key);
    const kept = (index: number) => old !== undefined && insertOnly.includes(columns[index]?.field ?? "");
    rows.set(
      key,
      cells.map((cell, index) => (kept(index) ? old![index]! : cell)),
    );
  }
  return { rows, rejected };
}

function convert(
  { columns, key, nullable }: ViewContract,
  record: SentRecord,
  timeZone: string,
): { readonly cells: Cells; readonly bad: readonly string[] } {
  const bad: string[] = [];
  const cells = columns.map(({ field, kind }) => {
    try {
      const cell =
        key.includes(field) && record[field] === "" ? null : convertValue(kind, record[field], timeZone);
      if (cell === null && key.includes(field) && !nullable.includes(field)) bad.push(field);
      return cell;
    } catch (error) {
      if (!(error instanceof BadValue)) throw error;
      bad.push(field);
      return null;
    }
  });
  const unknown = Object.entries(record).filter(
    ([field]) => !columns.some((column) => column.field === field),
  );
  const extra = unknown.length === 0 ? null : JSON.stringify(Object.fromEntries(unknown.sort()));
  return { cells: [...cells, extra], bad };
}

function keyOf({ columns, key }: ViewContract, cells: Cells): string {
  return JSON.stringify(key.map((field) => cells[columns.findIndex((column) => column.field === field)]));
}

/** The value in the form in which `selectCells` reads it back: a text, or null. */
function convertValue(kind: Kind, value: unknown, timeZone: string): string | null {
  if (value === undefined || value === null) return null;
  if (kind === "text") {
    return typeof value === "string" ? value.replaceAll("\0", "").toWellFormed() : JSON.stringify(value);
  }
  if (kind === "time" && typeof value === "string") {
    const [, hour = "", minute, second = "00"] = /^(\d\d?):(\d\d)(?::(\d\d))?$/.exec(value) ?? [];
    if (minute !== undefined) {
      return `${hour.padStart(2, "0")}:${minute}${second === "00" ? "" : `:${second}`}`;
    }
  }
  if (value === "") return null;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  switch (kind) {
    case "time":
      return text;
    case "integer":
      if (!/^-?\d+(\.0+)?$/.test(text)) throw new BadValue(text);
      return BigInt(text.replace(/\..*/, "")).toString();
    case "numeric":
      if (!/^-?\d+([.,]\d+)?$/.test(text)) throw new BadValue(text);
      return text.replace(",", ".");
    case "boolean":
      if (/^(true|yes|y|1)$/i.test(text)) return "true";
      if (/^(false|no|n|0)$/i.test(text)) return "false";
      throw new BadValue(text);
    case "timestamp":
      return convertTimestamp(text, timeZone);
    default:
      return kind satisfies never;
  }
}

const DAY_FIRST = /^(\d\d?)\/(\d\d?)\/(\d{4})(?: (\d\d?):(\d\d)(?::(\d\d))?)?$/;
const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/;

function convertTimestamp(text: string, timeZone: string): string {
  const dayFirst = DAY_FIRST.exec(text);
  const iso = ISO.exec(text);
  const parts =
    dayFirst === null ? iso?.slice(1, 7) : [dayFirst[3], dayFirst[2], dayFirst[1], ...dayFirst.slice(4)];
  if (parts === undefined) throw new BadValue(text);
  const [year, month, day, hour, minute, second] = parts.map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const wall = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  // Date.UTC turns the 30th of February into the 1st of March.
  const exists =
    wall.getUTCMonth() === month - 1 &&
    wall.getUTCDate() === day &&
    wall.getUTCHours() === hour &&
    minute < 60 &&
    second < 60;
  if (!exists) throw new BadValue(text);
  const zone = iso?.[8];
  const offset = zone === undefined ? offsetOfWall(wall.getTime(), timeZone) : writtenOffset(zone);
  const utc = new Date(wall.getTime() - offset).toISOString();
  const fraction = (iso?.[7] ?? ".").slice(1).padEnd(6, "0").slice(0, 6);
  return `${utc.slice(0, 10)} ${utc.slice(11, 19)}.${fraction}`;
}

/** Milliseconds east of UTC. */
function writtenOffset(zone: string): number {
  const match = /^([+-])(\d\d):?(\d\d)$/.exec(zone);
  if (match === null) return 0;
  return (match[1] === "-" ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3])) * 60_000;
}

const DAY_MS = 86_400_000;

/**
 * The offset of wall time, in milliseconds east of UTC: where clocks go back that of the first of the two times, and
 * where they go forward that from before. Clocks change at most once within a day.
 */
function offsetOfWall(wall: number, timeZone: string): number {
  const before = offsetAt(wall - DAY_MS, timeZone);
  const after = offsetAt(wall + DAY_MS, timeZone);
  if (before === after || offsetAt(wall - before, timeZone) === before) return before;
  return offsetAt(wall - after, timeZone) === after ? after : before;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** The offset of an instant, in milliseconds east of UTC, as the clocks of Intl show it. */
function offsetAt(instant: number, timeZone: string): number {
  if (timeZone === "UTC") return 0;
  const format =
    formats.get(timeZone) ??
    new Intl.DateTimeFormat("en-GB", { timeZone, dateStyle: "short", timeStyle: "medium", hourCycle: "h23" });
  formats.set(timeZone, format);
  const [day, month, year, hour, minute, second] = format.format(instant).split(/\D+/).map(Number);
  return Date.UTC(year!, month! - 1, day, hour, minute, second) - instant;
}

/** Reads a table so that its rows can be compared: one column, a JSON list of the cells and then `extra`. */
export function selectCells({ columns }: ViewContract, table: string): string {
  const cells = columns.map(({ column, kind }) =>
    kind === "timestamp"
      ? `to_char("${column}" at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')`
      : `"${column}"::text`,
  );
  return `select json_build_array(${cells.join(", ")}, extra)::text as cells from ${table}`;
}

/** What a comparison of a table with its expectation found. */
interface Comparison {
  readonly cells: number;
  readonly differences: readonly string[];
}

/** Compares cell by cell. Each difference names the row, the column and both values. */
export function compareRows(
  contract: ViewContract,
  expected: Rows,
  stored: readonly { readonly cells: string }[],
): Comparison {
  const names = [...contract.columns.map(({ column }) => column), "extra"];
  const missing = new Set(expected.keys());
  const differences: string[] = [];
  let cells = 0;
  for (const row of stored) {
    const values = (JSON.parse(row.cells) as unknown[]).map((value) =>
      value === null || typeof value === "string"
        ? value
        : JSON.stringify(Object.fromEntries(Object.entries(value as object).sort())),
    );
    const key = keyOf(contract, values);
    const wanted = expected.get(key);
    if (wanted === undefined || !missing.delete(key)) {
      differences.push(`${contract.name} ${key}: ${wanted === undefined ? "not expected" : "there twice"}`);
      continue;
    }
    names.forEach((name, index) => {
      cells += 1;
      if (values[index] !== wanted[index]) {
        differences.push(
          `${contract.name} ${key}, ${name}: ${quoted(values[index])} instead of ${quoted(wanted[index])}`,
        );
      }
    });
  }
  return {
    cells,
    differences: [...differences, ...Array.from(missing, (key) => `${contract.name} ${key}: missing`)],
  };
}

function quoted(value: string | null | undefined): string {
  return JSON.stringify(value?.slice(0, 80) ?? null);
}

import { escapeControlCharacters } from "../../errors/escape-control-characters.ts";
import { formatCount, formatTime } from "../../format/format.ts";
import type { PlannedLoad } from "../../load/plan/plan-outcome.ts";
import type { MissingRowDetails } from "../../loader/restore-missing.ts";
import type { MissingCount, MissingRow } from "../../runs/read-missing.ts";
import { renderTable } from "./table.ts";

const right = (title: string) => ({ title, align: "right" as const });

/** A key can have thousands of characters, so cells are cut at this many. */
const LONGEST_CELL = 100;

/** Rows that only one document did not contain, and with which nothing was done. */
const MISSED_ONCE = "missed once";

/** The number of missing rows per view, followed by the newest ones. */
export function renderMissing(counts: readonly MissingCount[], rows: readonly MissingRow[]): string {
  if (counts.length === 0) return "No row is missing.\n";
  const table = renderTable(
    [{ title: "view" }, { title: "action" }, { title: "reason" }, right("rows")],
    counts.map(({ view, action, reason, rows: count }) => [
      view,
      action ?? MISSED_ONCE,
      reason ?? "-",
      formatCount(count),
    ]),
  );
  if (rows.length === 0) return table;
  const list = renderTable(
    [
      right("id"),
      right("run"),
      { title: "view" },
      { title: "action" },
      { title: "reason" },
      { title: "key" },
    ],
    rows.map((row) => [
      String(row.missingId),
      String(row.missingRunId ?? row.firstRunId),
      row.view,
      row.action ?? MISSED_ONCE,
      row.reason ?? "-",
      keyText(row.key),
    ]),
  );
  return `${table}\n${list}`;
}

/** The rows that an archived document should contain and does not. */
export function renderLeftBehind({ view, source, missingRows: { rows, samples } }: PlannedLoad): string {
  const head = `${view}: ${formatCount(rows)} rows are not in ${source}\n`;
  const lines = samples.map(({ key }) => `  ${escapeControlCharacters(keyText(key))}\n`);
  const others = rows - samples.length;
  return `${head}${lines.join("")}${others > 0 ? `  and ${formatCount(others)} more\n` : ""}`;
}

/** A missing row with its values. */
export function renderMissingRow(row: MissingRowDetails): string {
  const facts: readonly (readonly [name: string, value: string | null])[] = [
    ["view", row.view],
    ["key", keyText(row.key)],
    ["action", row.action ?? MISSED_ONCE],
    ["reason", row.reason],
    ["new key", row.newKey === null ? null : keyText(row.newKey)],
    ["problem", row.problem],
    ["first run", String(row.firstRunId)],
    ["run", row.missingRunId === null ? null : String(row.missingRunId)],
    ["missing", row.missingAt === null ? null : formatTime(row.missingAt)],
  ];
  const lines = facts.flatMap(([name, value]) => (value === null ? [] : [`${name.padEnd(10)}${value}`]));
  const values = JSON.stringify(row.values, null, 2).split("\n");
  return `${[...lines, "", ...values].map(escapeControlCharacters).join("\n")}\n`;
}

function keyText(key: MissingRow["key"]): string {
  const text = Object.entries(key)
    .map(([column, value]) => `${column}=${JSON.stringify(value)}`)
    .join(", ");
  return text.length > LONGEST_CELL ? `${text.slice(0, LONGEST_CELL)}…` : text;
}

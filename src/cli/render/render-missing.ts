import type { PlannedLoad } from "../../load/plan/plan-outcome.ts";
import type { MissingRowDetails } from "../../loader/restore-missing.ts";
import type { MissingCount, MissingRow } from "../../runs/queries/read-missing.ts";
import { formatCount, formatNumberOf } from "../../format/format.ts";
import { type Layout, renderFacts, renderLines, renderText, timeText } from "./layout.ts";
import { type Column, renderTable } from "./table.ts";

/** A key can have thousands of characters, so cells are cut at this many. */
const LONGEST_CELL = 100;

/** Rows that only one document did not contain, and with which nothing was done. */
const MISSED_ONCE = "missed once";

const COUNT_COLUMNS: readonly Column<MissingCount>[] = [
  { title: "view", cell: ({ view }) => view },
  { title: "action", cell: ({ action }) => action ?? MISSED_ONCE },
  { title: "reason", cell: ({ reason }) => reason },
  { title: "rows", cell: ({ rows }) => rows },
];

const ROW_COLUMNS: readonly Column<MissingRow>[] = [
  { title: "id", align: "right", cell: ({ missingId }) => String(missingId) },
  {
    title: "run",
    align: "right",
    rank: 1,
    cell: ({ missingRunId, firstRunId }) => String(missingRunId ?? firstRunId),
  },
  { title: "view", cell: ({ view }) => view },
  { title: "action", cell: ({ action }) => action ?? MISSED_ONCE },
  { title: "reason", rank: 2, cell: ({ reason }) => reason },
  { title: "key", shrinksTo: 20, cell: ({ key }) => keyText(key) },
];

/** The number of missing rows per view, followed by the newest ones. */
export function renderMissing(
  counts: readonly MissingCount[],
  rows: readonly MissingRow[],
  layout: Layout,
): string {
  if (counts.length === 0) return "No row is missing.\n";
  const table = renderTable(COUNT_COLUMNS, counts, layout);
  return rows.length === 0 ? table : `${table}\n${renderTable(ROW_COLUMNS, rows, layout)}`;
}

/** The rows that an archived document should contain and does not. */
export function renderLeftBehind(
  { view, source, missingRows: { rows, samples } }: PlannedLoad,
  layout: Layout,
): string {
  const are = rows === 1 ? "is" : "are";
  const head = renderText(`${view}: ${formatNumberOf(rows, "row")} ${are} not in ${source}`, layout);
  const lines = samples.map(({ key }) => renderText(keyText(key), layout, "  ", "    "));
  const others = rows - samples.length;
  return `${head}${lines.join("")}${others > 0 ? `  and ${formatCount(others)} more\n` : ""}`;
}

/** A missing row with its values. */
export function renderMissingRow(row: MissingRowDetails, layout: Layout): string {
  const facts = renderFacts(
    [
      ["view", row.view],
      ["key", keyText(row.key)],
      ["action", row.action ?? MISSED_ONCE],
      ["reason", row.reason],
      ["new key", row.newKey === null ? null : keyText(row.newKey)],
      ["problem", row.problem],
      ["first run", String(row.firstRunId)],
      ["run", row.missingRunId === null ? null : String(row.missingRunId)],
      ["missing", row.missingAt === null ? null : timeText(row.missingAt, layout)],
    ],
    layout,
  );
  return `${facts}\n${renderLines(JSON.stringify(row.values, null, 2).split("\n"), layout)}`;
}

function keyText(key: MissingRow["key"]): string {
  const text = Object.entries(key)
    .map(([column, value]) => `${column}=${JSON.stringify(value)}`)
    .join(", ");
  return text.length > LONGEST_CELL ? `${text.slice(0, LONGEST_CELL)}…` : text;
}

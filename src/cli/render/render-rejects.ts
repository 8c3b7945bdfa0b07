import { escapeControlCharacters } from "../../errors/escape-control-characters.ts";
import type { RejectCount, RejectDetails, RejectSummary } from "../../runs/rejects/read-rejects.ts";
import { withExactNumbers } from "../../views/values/exact-number.ts";
import { formatCount, formatTime } from "../../format/format.ts";
import { renderTable } from "./table.ts";

const right = (title: string) => ({ title, align: "right" as const });

/** A key can have thousands of characters, so cells are cut at this many; `rejects show` prints all. */
const LONGEST_CELL = 100;

/** The number of rejected records per reason, followed by the newest records. */
export function renderRejects(counts: readonly RejectCount[], rejects: readonly RejectSummary[]): string {
  if (counts.length === 0) return "No such record is in quarantine.\n";
  const reasons = renderTable(
    [{ title: "view" }, { title: "reason" }, { title: "field" }, right("records")],
    counts.map(({ view, reason, field, records }) => [view, reason, field ?? "-", formatCount(records)]),
  );
  if (rejects.length === 0) return reasons;
  const records = renderTable(
    [
      right("id"),
      right("run"),
      { title: "view" },
      right("position"),
      { title: "key" },
      { title: "reason" },
      { title: "message" },
    ],
    rejects.map((reject) => [
      String(reject.rejectId),
      String(reject.runId),
      reject.view,
      String(reject.position),
      shortened(reject.key ?? "-"),
      reject.reason,
      shortened(reject.message),
    ]),
  );
  return `${reasons}\n${records}`;
}

function shortened(text: string): string {
  return text.length > LONGEST_CELL ? `${text.slice(0, LONGEST_CELL)}…` : text;
}

/** A rejected record and why it was rejected. Numbers are printed exactly as they were received. */
export function renderReject(reject: RejectDetails): string {
  const facts: readonly (readonly [name: string, value: string | null])[] = [
    ["view", reject.view],
    ["reason", reject.reason],
    ["message", reject.message],
    ["field", reject.field],
    ["key", reject.key],
    ["SQLSTATE", reject.sqlState],
    ["run", `${reject.runId}, from ${reject.source}`],
    ["position", String(reject.position)],
    ["archived", reject.archiveFile],
    ["rejected", formatTime(reject.rejectedAt)],
  ];
  const lines = facts.flatMap(([name, value]) => (value === null ? [] : [`${name.padEnd(10)}${value}`]));
  return `${[...lines, "", ...renderRecord(reject.raw)].map(escapeControlCharacters).join("\n")}\n`;
}

/** @returns the lines */
function renderRecord(raw: string): readonly string[] {
  try {
    return JSON.stringify(withExactNumbers(raw), null, 2).split("\n");
  } catch {
    // Text that is not JSON is printed unchanged.
    return [raw];
  }
}

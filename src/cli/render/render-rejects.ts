import { formatCount } from "../../format/format.ts";
import type {
  RejectCount,
  RejectDetails,
  RejectGroup,
  RejectSummary,
} from "../../runs/rejects/read-rejects.ts";
import { withExactNumbers } from "../../views/values/exact-number.ts";
import { type Layout, renderFacts, renderLines, timeText } from "./layout.ts";
import { type Column, renderTable } from "./table.ts";

/** A key can have thousands of characters, so cells are cut at this many; `rejects show` prints all. */
const LONGEST_CELL = 100;

const NONE = "No such record is in quarantine.\n";

const COUNT_COLUMNS: readonly Column<RejectCount>[] = [
  { title: "view", cell: ({ view }) => view },
  { title: "reason", cell: ({ reason }) => reason },
  { title: "field", shrinksTo: 16, cell: ({ field }) => field },
  { title: "records", cell: ({ records }) => records },
];

const RECORD_COLUMNS: readonly Column<RejectSummary>[] = [
  { title: "id", align: "right", cell: ({ rejectId }) => String(rejectId) },
  { title: "run", align: "right", rank: 1, cell: ({ runId }) => String(runId) },
  { title: "view", cell: ({ view }) => view },
  { title: "position", rank: 3, cell: ({ position }) => position },
  { title: "key", shrinksTo: 16, cell: ({ key }) => shortened(key ?? "-") },
  { title: "reason", rank: 2, cell: ({ reason }) => reason },
  { title: "message", shrinksTo: 30, cell: ({ message }) => shortened(message) },
];

const GROUP_COLUMNS: readonly Column<RejectGroup>[] = [
  ...COUNT_COLUMNS,
  { title: "id", align: "right", rank: 1, cell: ({ sampleId }) => String(sampleId) },
  { title: "for example", shrinksTo: 16, cell: ({ sample }) => shortened(sample) },
];

/** The number of rejected records per reason and field, with a value of one of them. */
export function renderRejectGroups(groups: readonly RejectGroup[], layout: Layout): string {
  return groups.length === 0 ? NONE : renderTable(GROUP_COLUMNS, groups, layout);
}

/** The number of rejected records per reason, followed by the newest records. */
export function renderRejects(
  counts: readonly RejectCount[],
  rejects: readonly RejectSummary[],
  layout: Layout,
): string {
  if (counts.length === 0) return NONE;
  const reasons = renderTable(COUNT_COLUMNS, counts, layout);
  return rejects.length === 0 ? reasons : `${reasons}\n${renderTable(RECORD_COLUMNS, rejects, layout)}`;
}

function shortened(text: string): string {
  return text.length > LONGEST_CELL ? `${text.slice(0, LONGEST_CELL)}…` : text;
}

/** A rejected record and why it was rejected. Numbers are printed exactly as they were received. */
export function renderReject(reject: RejectDetails, layout: Layout): string {
  const facts = renderFacts(
    [
      ["view", reject.view],
      ["reason", reject.reason],
      ["message", reject.message],
      ["field", reject.field],
      ["key", reject.key],
      ["SQLSTATE", reject.sqlState],
      ["run", `${reject.runId}, from ${reject.source}`],
      ["position", String(reject.position)],
      ["archived", reject.archiveFile],
      ["rejected", timeText(reject.rejectedAt, layout)],
      ["seen", timesSeen(reject, layout)],
    ],
    layout,
  );
  return `${facts}\n${renderLines(renderRecord(reject.raw), layout)}`;
}

/** How many runs have rejected the record, and which one was the last. */
function timesSeen(reject: RejectDetails, layout: Layout): string {
  if (reject.timesSeen === 1) return "once";
  const when = reject.lastSeenAt === null ? "" : `, ${timeText(reject.lastSeenAt, layout)}`;
  return `by ${formatCount(reject.timesSeen)} runs, last by ${reject.lastSeenRunId}${when}`;
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

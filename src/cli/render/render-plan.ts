import { documentWarnings } from "../../runs/document-warnings.ts";
import type { PlannedLoad, PlanOutcome } from "../../load/plan/plan-outcome.ts";
import type { RunKind } from "../../runs/run-kind.ts";
import type { MissingKey, RowKey } from "../../load/plan/plan-report.ts";
import { formatCount, formatNumberOf } from "../../format/format.ts";
import { type Layout, renderText } from "./layout.ts";
import { renderPlanned } from "./render-outcomes.ts";

/** Longer values are cut, so that a change stays on one line; in characters. */
const MAX_VALUE_LENGTH = 60;

/** Something that a plan has found, with samples of it. */
interface Finding {
  readonly text: string;
  readonly samples?: readonly string[];
}

/**
 * The counts of all views, followed by the changes and warnings of each view.
 *
 * @param kind what was planned; the fields of an exported file are its own, and no schema drift
 */
export function renderPlan(outcomes: readonly PlanOutcome[], layout: Layout, kind: RunKind): string {
  const sections = outcomes.flatMap((outcome) => {
    if (outcome.status === "failed") return [];
    const findings = [...describe(outcome, kind)].map((finding) => renderFinding(finding, layout));
    return findings.length === 0 ? [] : [`\n${outcome.view}\n${findings.join("")}`];
  });
  return `${renderPlanned(outcomes, layout)}${sections.join("")}`;
}

function renderFinding({ text, samples = [] }: Finding, layout: Layout): string {
  const lines = samples.map((sample) => renderText(sample, layout, "    ", "      "));
  return `${renderText(text, layout, "  ", "    ")}${lines.join("")}`;
}

function* describe(plan: PlannedLoad, kind: RunKind): Generator<Finding> {
  for (const { message } of plan.guards) yield { text: `the load would FAIL: ${message}` };
  if (plan.late > 0) {
    yield {
      text: `late: ${formatCount(plan.late)} of the inserted records are so old that the last load should have had them`,
    };
  }
  for (const text of documentWarnings(plan)) yield { text };
  for (const { column, rows, samples } of plan.changes) {
    yield {
      text: `${column} changes in ${formatNumberOf(rows, "row")}`,
      samples: samples.map(
        (sample) => `${keyText(sample.key)}: ${valueText(sample.old)} → ${valueText(sample.new)}`,
      ),
    };
  }
  yield* describeMissing(plan);
  const reasons = Object.entries(plan.quarantine).map(([reason, records]) => ({
    reason,
    count: formatCount(records),
  }));
  const width = Math.max(...reasons.map(({ count }) => count.length));
  for (const { reason, count } of reasons) {
    yield { text: `quarantine: ${count.padStart(width)} × ${reason}` };
  }
  const { keys, samples } = plan.duplicateKeys;
  if (keys > 0) {
    yield {
      text: `duplicates: ${formatNumberOf(keys, "key occurs", "keys occur")} more than once; the last record of each wins`,
      samples: samples.map(({ key, records }) => `${keyText(key)}: ${formatNumberOf(records, "record")}`),
    };
  }
  const drift = kind === "import" ? "" : "schema drift: ";
  for (const [field, records] of plan.drift.unknownFields) {
    yield {
      text: `${drift}${field} is not defined by the view (${formatNumberOf(records, "record")}); rows keep it in extra`,
    };
  }
  for (const { message } of plan.driftWarnings)
    yield { text: `schema drift since the last load: ${message}` };
}

function* describeMissing({
  missing,
  returned,
  rekeyed,
  missingProblem,
  missingRows,
}: PlannedLoad): Generator<Finding> {
  const { missedOnce, samples } = missingRows;
  const rows = (count: number): string => formatNumberOf(count, "row");
  const findings = [
    ...(missingProblem === null ? [] : [`missing rows: ${missingProblem}`]),
    ...(missing > 0 ? [`missing at the source for the second time: ${rows(missing)}`] : []),
    ...(rekeyed > 0 ? [`there with another key: ${rows(rekeyed)}`] : []),
    ...(missedOnce > 0
      ? [
          `missing at the source for the first time: ${rows(missedOnce)}; nothing happens to ${missedOnce === 1 ? "it" : "them"} yet`,
        ]
      : []),
  ];
  for (const text of findings.slice(0, -1)) yield { text };
  // The samples are of all kinds together.
  const last = findings.at(-1);
  if (last !== undefined) {
    yield {
      text: last,
      samples: samples.map(
        ({ key, newKey, reason }) =>
          `${reason ?? "not in the document"}: ${keyText(key)}${newKey === null ? "" : ` → ${keyText(newKey)}`}`,
      ),
    };
  }
  if (returned > 0) yield { text: `missing until now, and there again: ${rows(returned)}` };
}

function keyText(key: RowKey | MissingKey): string {
  return Object.entries(key)
    .map(([column, value]) => `${column}=${valueText(value)}`)
    .join(", ");
}

function valueText(value: string | number | boolean | null): string {
  if (typeof value !== "string") return String(value);
  return JSON.stringify(value.length > MAX_VALUE_LENGTH ? `${value.slice(0, MAX_VALUE_LENGTH)}…` : value);
}

import { escapeControlCharacters } from "../../errors/escape-control-characters.ts";
import { documentWarnings } from "../../runs/document-warnings.ts";
import type { PlannedLoad, PlanOutcome } from "../../load/plan/plan-outcome.ts";
import type { RowKey } from "../../load/plan/plan-report.ts";
import { formatCount } from "../../format/format.ts";
import { renderOutcomes } from "./render-outcomes.ts";

/** Longer values are cut, so that a change stays on one line; in characters. */
const MAX_VALUE_LENGTH = 60;

/** The counts of all views, followed by the changes and warnings of each view. */
export function renderPlan(outcomes: readonly PlanOutcome[]): string {
  const sections = outcomes.flatMap((outcome) => {
    if (outcome.status === "failed") return [];
    const lines = [...describe(outcome)];
    return lines.length === 0
      ? []
      : [`\n${outcome.view}\n${lines.map((line) => `  ${escapeControlCharacters(line)}\n`).join("")}`];
  });
  return `${renderOutcomes(outcomes)}${sections.join("")}`;
}

function* describe(plan: PlannedLoad): Generator<string> {
  for (const { message } of plan.guards) yield `the load would FAIL: ${message}`;
  if (plan.late > 0) {
    yield `late: ${formatCount(plan.late)} of the inserted records are so old that the last load should have had them`;
  }
  yield* documentWarnings(plan);
  for (const { column, rows, samples } of plan.changes) {
    yield `${column} changes in ${rowsOf(rows)}`;
    for (const sample of samples) {
      yield `  ${keyText(sample.key)}: ${valueText(sample.old)} → ${valueText(sample.new)}`;
    }
  }
  for (const [reason, records] of Object.entries(plan.quarantine)) {
    yield `quarantine: ${formatCount(records)} × ${reason}`;
  }
  const { keys, samples } = plan.duplicateKeys;
  if (keys > 0)
    yield `duplicates: ${formatCount(keys)} keys occur more than once; the last record of each wins`;
  for (const { key, records } of samples) yield `  ${keyText(key)}: ${formatCount(records)} records`;
  for (const [field, records] of plan.drift.unknownFields) {
    yield `schema drift: ${field} is not defined by the view (${formatCount(records)} records); rows keep it in extra`;
  }
  for (const { message } of plan.driftWarnings) yield `schema drift since the last load: ${message}`;
}

function rowsOf(count: number): string {
  return count === 1 ? "1 row" : `${formatCount(count)} rows`;
}

function keyText(key: RowKey): string {
  return Object.entries(key)
    .map(([column, value]) => `${column}=${valueText(value)}`)
    .join(", ");
}

function valueText(value: string | null): string {
  if (value === null) return "null";
  return JSON.stringify(value.length > MAX_VALUE_LENGTH ? `${value.slice(0, MAX_VALUE_LENGTH)}…` : value);
}

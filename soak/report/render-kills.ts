import type { KillResult } from "../kill-loads.ts";
import type { SoakOptions } from "../options.ts";
import { listOf } from "./list-of.ts";

/** The result in words, with a line per step. */
export function renderKills({ seed }: SoakOptions, result: KillResult): string {
  const steps = Object.entries(result.bySteps)
    .map(([step, faults]) => [step, faults, sumOf(faults)] as const)
    .sort(([, , a], [, , b]) => b - a);
  return [
    "",
    `${result.kills} loads were hit by a fault, ${result.undisturbed} were not. Seed ${seed}.`,
    ...steps.map(
      ([step, faults, count]) => `  ${step.padEnd(10)} ${String(count).padStart(4)}  ${listOf(faults)}`,
    ),
    `Runs on record: ${listOf(result.outcomes)}.`,
    ...(result.problems.length === 0
      ? ["The tables, the runs and the quarantine equal the model after each of them."]
      : ["THESE DO NOT HOLD:", ...result.problems]),
    "",
  ].join("\n");
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

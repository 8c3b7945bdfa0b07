import type { Command } from "commander";
import { OtcError } from "../../errors/otc-error.ts";
import { throttleProblems } from "../../throttle/throttle-problems.ts";
import { readCircuit } from "../../throttle/read-circuit.ts";
import { readStatus } from "../../runs/health/read-status.ts";
import { statusProblems } from "../../runs/health/status-problems.ts";
import { viewCatalog } from "../../views/catalog.ts";
import type { CliContext } from "../cli-context.ts";
import { renderProblem } from "../render/layout.ts";
import { renderStatus } from "../render/render-status.ts";
import { withSession } from "../session.ts";
import { sendDueAlerts } from "../../loader/send-alerts.ts";

export interface StatusFlags {
  readonly json: boolean;
  readonly runs: string;
  readonly check: boolean;
  readonly prometheus: boolean;
}

/** How many runs per view `--check` reads, even if fewer are shown. */
const RUNS_CHECKED = 20;

/** @returns the exit code: with --check 1 when something is wrong */
export function runStatus(flags: StatusFlags, command: Command, context: CliContext): Promise<number> {
  const shown = parseRuns(flags.runs);
  return withSession(command, context, async ({ loader, layout }) => {
    const { maxAgeMs, maxRollbackRate } = loader.settings;
    const limits = { maxAgeSeconds: maxAgeMs / 1000, maxRollbackRate };
    const database = await loader.migratedDatabase();
    if (flags.check) await sendDueAlerts(loader);
    if (flags.prometheus) {
      const { metricsText } = await import("../../metrics/metrics-text.ts");
      const { body } = await metricsText(database, loader.settings);
      context.stdout.write(body);
      return 0;
    }
    const views = await viewCatalog();
    const statuses = await readStatus(database, views, Math.max(shown, RUNS_CHECKED));
    const circuit = await readCircuit(database);
    const problems = flags.check ? [...statusProblems(statuses, limits), ...throttleProblems(circuit)] : [];
    const cut = statuses.map((status) => ({ ...status, runs: status.runs.slice(0, shown) }));

    if (flags.json) {
      for (const status of cut) {
        const own = problems.map(({ text }) => text).filter((text) => text.startsWith(`${status.view}: `));
        const line = { ...status, circuit, ...(flags.check ? { problems: own } : {}) };
        context.stdout.write(`${JSON.stringify(line)}\n`);
      }
    } else if (!flags.check) {
      context.stdout.write(renderStatus(cut, circuit, layout));
    } else if (problems.length === 0) {
      context.stdout.write("All views are up to date.\n");
    } else {
      context.stdout.write(problems.map(({ text, remedy }) => renderProblem(text, remedy, layout)).join(""));
    }
    return problems.length === 0 ? 0 : 1;
  });
}

function parseRuns(text: string): number {
  if (/^\d{1,4}$/.test(text)) return Number(text);
  throw new OtcError("usage", `--runs is "${text}".`, { remedy: "Give a number from 0 to 9999." });
}

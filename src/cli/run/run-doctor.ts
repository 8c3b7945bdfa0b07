import { styleText } from "node:util";
import type { Command } from "commander";
import { checkAlerts } from "../../doctor/check-alerts.ts";
import { checkArchive } from "../../doctor/check-archive.ts";
import { checkApi } from "../../doctor/check-api.ts";
import { checkConfiguration } from "../../doctor/check-configuration.ts";
import { checkDatabase } from "../../doctor/check-database.ts";
import { checkEncryption } from "../../doctor/check-encryption.ts";
import { checkDisk } from "../../doctor/check-disk.ts";
import { type CheckResult, skipped } from "../../doctor/check.ts";
import { viewCatalog } from "../../views/catalog.ts";
import type { Environment } from "../../config/read-settings.ts";
import { nameFlags } from "../options/name-flags.ts";
import type { CliContext } from "../cli-context.ts";
import { type Session, withSession } from "../session.ts";
import { type Layout, renderText } from "../render/layout.ts";
import { useColours } from "../terminal.ts";

export interface DoctorFlags {
  readonly alert: boolean;
  readonly json: boolean;
}

/** Of the longest state, and a gap. */
const LABEL_WIDTH = "skipped".length + 2;

const COLOURS = { ok: "green", warning: "yellow", failed: "red", skipped: "gray" } as const;

/** @returns the exit code: 1 when a check failed */
export function runDoctor(flags: DoctorFlags, command: Command, context: CliContext): Promise<number> {
  return withSession(command, context, async (session) => {
    let failures = 0;
    const { flags: given } = session.options;
    for await (const found of runChecks(session, context, flags)) {
      const result = withFlagNames(found, given);
      if (result.state === "failed") failures += 1;
      context.stdout.write(
        flags.json ? `${JSON.stringify(result)}\n` : renderResult(result, session.layout, context),
      );
    }
    return failures === 0 ? 0 : 1;
  });
}

async function* runChecks(
  { loader, options }: Session,
  { env, signal }: CliContext,
  { alert }: DoctorFlags,
): AsyncGenerator<CheckResult> {
  const views = await viewCatalog();
  const configuration = await checkConfiguration(loader.settings, env, options.flags, views);
  yield* configuration;
  yield* await checkDatabase(() => loader.database(), views);
  yield* await checkEncryption(loader.settings, () => loader.database());
  const view = configuration.every((result) => result.state === "ok") ? views[0] : undefined;
  yield view === undefined
    ? skipped("API", "not checked: its settings are incomplete")
    : await checkApi(await loader.apiSource(view), signal);
  yield await checkArchive(loader.settings.archiveDir);
  yield* await checkDisk(loader.embeddedDirectory);
  yield* await checkAlerts(loader.alerts, loader.settings.alertOn, alert, signal);
}

/** The result with the names of flags where settings were given as flags. */
function withFlagNames(result: CheckResult, given: Environment): CheckResult {
  const { finding, remedy } = result;
  return {
    ...result,
    finding: nameFlags(finding, given),
    ...(remedy === undefined ? {} : { remedy: nameFlags(remedy, given) }),
  };
}

/** One line per check where the width is not limited; otherwise a remedy has lines of its own. */
function renderResult(
  { name, state, finding, remedy }: CheckResult,
  layout: Layout,
  context: CliContext,
): string {
  const label = state.padEnd(LABEL_WIDTH);
  const indent = " ".repeat(LABEL_WIDTH);
  const text = `${name}: ${finding}`;
  const arrow = remedy === undefined ? "" : `→ ${remedy}`;
  const isLimited = layout.width !== Infinity;
  const result = isLimited
    ? `${renderText(text, layout, label, indent)}${arrow === "" ? "" : renderText(arrow, layout, indent, `${indent}  `)}`
    : renderText(arrow === "" ? text : `${text} ${arrow}`, layout, label);
  if (!useColours(context.stdout, context.env)) return result;
  return result.replace(state, styleText(COLOURS[state], state, { validateStream: false }));
}

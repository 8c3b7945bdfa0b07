import type { Command } from "commander";
import { OtcError } from "../../errors/otc-error.ts";
import {
  clearRejects,
  countRejects,
  readReject,
  readRejectGroups,
  readRejects,
} from "../../runs/rejects/read-rejects.ts";
import type { RejectFilter } from "../../runs/rejects/reject-filter.ts";
import { retryRejects } from "../../loader/retry-rejects.ts";
import { viewCatalog, viewNamed } from "../../views/catalog.ts";
import type { CliContext } from "../cli-context.ts";
import { formatNumberOf } from "../../format/format.ts";
import { requireWholeNumber } from "../options/whole-number.ts";
import { readWaitOptions } from "../options/load-options.ts";
import { jsonLine } from "../render/json-line.ts";
import { renderReject, renderRejectGroups, renderRejects } from "../render/render-rejects.ts";
import { renderOutcomes } from "../render/render-outcomes.ts";
import { reporting } from "../render/reporting.ts";
import { exitCodeOfOutcomes } from "./run-load.ts";
import { withSession } from "../session.ts";
import type { WaitFlags } from "../options/load-options.ts";

export interface ClearFlags extends FilterFlags {
  readonly all: boolean;
  readonly json: boolean;
}

interface FilterFlags {
  readonly run?: string;
  readonly view?: string;
  readonly reason?: string;
  readonly field?: string;
}

export interface ListFlags extends FilterFlags {
  readonly limit: string;
  readonly group: boolean;
  readonly json: boolean;
}

export type RetryFlags = FilterFlags & WaitFlags;

export interface ShowFlags {
  readonly json: boolean;
}

/** `rejects list`. */
export async function listRejects(flags: ListFlags, command: Command, context: CliContext): Promise<void> {
  const filter = await readFilter(flags);
  const limit = requireWholeNumber("--limit", flags.limit);
  await withSession(command, context, async (session) => {
    const database = await session.loader.migratedDatabase();
    if (flags.group) {
      const groups = await readRejectGroups(database, filter);
      context.stdout.write(
        flags.json
          ? groups.map((group) => jsonLine(group)).join("")
          : renderRejectGroups(groups, session.layout),
      );
      return;
    }
    const counts = await countRejects(database, filter);
    const matching = counts.reduce((sum, { records }) => sum + records, 0);
    const rejects = await readRejects(database, filter, limit, { matching });
    if (flags.json) for (const reject of rejects) context.stdout.write(jsonLine(reject));
    else context.stdout.write(renderRejects(counts, rejects, session.layout));
  });
}

/** `rejects show`. */
export async function showReject(
  id: string,
  flags: ShowFlags,
  command: Command,
  context: CliContext,
): Promise<void> {
  const rejectId = requireWholeNumber("The record's id", id);
  await withSession(command, context, async (session) => {
    const database = await session.loader.migratedDatabase();
    const reject = await readReject(database, rejectId);
    if (reject === undefined) {
      throw new OtcError("usage", `There is no record ${rejectId} in quarantine.`, {
        remedy:
          "`otc-etl rejects list` lists the rejected records; one that has been loaded is no longer among them.",
      });
    }
    context.stdout.write(flags.json ? jsonLine(reject) : renderReject(reject, session.layout));
  });
}

/** `rejects retry`. @returns the exit code, as for a load */
export async function retryQuarantine(
  flags: RetryFlags,
  command: Command,
  context: CliContext,
): Promise<number> {
  const filter = await readFilter(flags);
  return withSession(command, context, async (session) => {
    await session.loader.migratedDatabase();
    const { loader, options, layout } = session;
    const outcomes = await retryRejects(loader, await viewCatalog(), filter, {
      ...readWaitOptions(flags),
      ...reporting(session, context, flags),
    });
    if (!flags.json && !options.quiet) {
      const nothing = "Nothing to do: there is no such record in quarantine.\n";
      context.stdout.write(outcomes.length === 0 ? nothing : renderOutcomes(outcomes, layout));
    }
    return exitCodeOfOutcomes(outcomes);
  });
}

/** `rejects clear`. */
export async function clearQuarantine(
  flags: ClearFlags,
  command: Command,
  context: CliContext,
): Promise<void> {
  const filter = await readFilter(flags);
  if (Object.keys(filter).length === 0 && !flags.all) {
    throw new OtcError("usage", "`rejects clear` needs to know which records to remove.", {
      remedy: "Give --run, --view, --reason or --field; --all removes every record in quarantine.",
    });
  }
  await withSession(command, context, async (session) => {
    const database = await session.loader.migratedDatabase();
    const cleared = await clearRejects(database, filter);
    if (flags.json) context.stdout.write(jsonLine({ cleared }));
    else if (!session.options.quiet) context.stdout.write(`${formatNumberOf(cleared, "record")} removed.\n`);
  });
}

/** @throws OtcError `usage` */
async function readFilter({ run, view, reason, field }: FilterFlags): Promise<RejectFilter> {
  return {
    ...(run === undefined ? {} : { runId: requireWholeNumber("--run", run) }),
    ...(view === undefined ? {} : { view: viewNamed(await viewCatalog(), view).name }),
    ...(reason === undefined ? {} : { reason }),
    ...(field === undefined ? {} : { field }),
  };
}

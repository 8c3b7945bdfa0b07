import type { Command } from "commander";
import { OtcError } from "../../errors/otc-error.ts";
import { missingSinceArchive } from "../../loader/missing-since-archive.ts";
import { restoreMissing, showMissing } from "../../loader/restore-missing.ts";
import {
  countMissing,
  MISSING_ACTIONS,
  type MissingFilter,
  readMissing,
} from "../../runs/queries/read-missing.ts";
import { viewCatalog, viewNamed } from "../../views/catalog.ts";
import type { CliContext } from "../cli-context.ts";
import { jsonLine } from "../render/json-line.ts";
import { requireWholeNumber } from "../options/whole-number.ts";
import { renderLeftBehind, renderMissing, renderMissingRow } from "../render/render-missing.ts";
import { reporting } from "../render/reporting.ts";
import { type Session, withSession } from "../session.ts";

export interface MissingFlags {
  readonly json: boolean;
}

export interface ListMissingFlags extends MissingFlags {
  readonly view?: string;
  readonly action?: string;
  readonly limit: string;
  readonly sinceArchive: boolean;
}

/** `missing list`. */
export async function listMissing(
  flags: ListMissingFlags,
  command: Command,
  context: CliContext,
): Promise<void> {
  const filter = await readFilter(flags);
  const limit = requireWholeNumber("--limit", flags.limit);
  await withSession(command, context, async (session) => {
    if (flags.sinceArchive) {
      await listSinceArchive(session, context, flags, filter, limit);
      return;
    }
    const database = await session.loader.migratedDatabase();
    const rows = await readMissing(database, filter, limit);
    if (flags.json) for (const row of rows) context.stdout.write(jsonLine(row));
    else context.stdout.write(renderMissing(await countMissing(database, filter), rows, session.layout));
  });
}

/** `missing list --since-archive`. It throws the error of a document that cannot be compared. */
async function listSinceArchive(
  session: Session,
  context: CliContext,
  { json }: MissingFlags,
  { view, action }: MissingFilter,
  limit: number,
): Promise<void> {
  if (action !== undefined) {
    throw new OtcError(
      "usage",
      "--action chooses from what loads have found, and not with --since-archive.",
      {
        remedy: "Leave one of them out.",
      },
    );
  }
  const catalog = await viewCatalog();
  const only = view === undefined ? undefined : viewNamed(catalog, view);
  const { onProgress, signal } = reporting(session, context, { json: false });
  const outcomes = await missingSinceArchive(session.loader, catalog, only, {
    samples: limit,
    signal,
    onProgress,
    onOutcome: () => {
      session.progress.stop();
    },
  });
  for (const outcome of outcomes) {
    if (outcome.status === "failed") throw outcome.error;
    if (json)
      context.stdout.write(jsonLine({ view: outcome.view, source: outcome.source, ...outcome.missingRows }));
    else context.stdout.write(renderLeftBehind(outcome, session.layout));
  }
}

/** `missing show`. */
export async function showMissingRow(
  id: string,
  flags: MissingFlags,
  command: Command,
  context: CliContext,
): Promise<void> {
  const missingId = requireWholeNumber("The row's id", id);
  await withSession(command, context, async (session) => {
    const row = await showMissing(await session.loader.migratedDatabase(), missingId);
    context.stdout.write(flags.json ? jsonLine(row) : renderMissingRow(row, session.layout));
  });
}

/** `missing restore`. */
export async function restoreMissingRows(
  ids: readonly string[],
  flags: MissingFlags,
  command: Command,
  context: CliContext,
): Promise<void> {
  const missingIds = ids.map((id) => requireWholeNumber("The row's id", id));
  await withSession(command, context, async (session) => {
    const database = await session.loader.migratedDatabase();
    for (const missingId of missingIds) {
      const row = await restoreMissing(database, missingId, { log: session.log, signal: context.signal });
      if (flags.json) context.stdout.write(jsonLine(row));
      else if (!session.options.quiet) context.stdout.write(`Row ${missingId} is in ${row.view} again.\n`);
    }
  });
}

/** @throws OtcError `usage` */
async function readFilter({ view, action }: ListMissingFlags): Promise<MissingFilter> {
  const chosen = MISSING_ACTIONS.find((candidate) => candidate === action);
  if (action !== undefined && chosen === undefined) {
    throw new OtcError("usage", `--action is ${JSON.stringify(action)}.`, {
      remedy: `Give one of ${MISSING_ACTIONS.join(", ")}.`,
    });
  }
  return {
    ...(view === undefined ? {} : { view: viewNamed(await viewCatalog(), view).name }),
    ...(chosen === undefined ? {} : { action: chosen }),
  };
}

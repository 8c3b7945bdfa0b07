import type { Command } from "commander";
import { exitCodeOf, OtcError } from "../../errors/otc-error.ts";
import { chooseDocuments, type DocumentChoice } from "../../loader/choose-documents.ts";
import { replayDocuments } from "../../loader/replay-documents.ts";
import { viewCatalog, viewNamed } from "../../views/catalog.ts";
import type { CliContext } from "../cli-context.ts";
import { readLoadOptions } from "../options/load-options.ts";
import { renderOutcomes } from "../render/render-outcomes.ts";
import { reporting } from "../render/reporting.ts";
import { exitCodeOfOutcomes } from "./run-load.ts";
import { withSession } from "../session.ts";
import type { LoadOptionFlags } from "../options/load-options.ts";

export interface ReplayFlags extends LoadOptionFlags {
  readonly view?: string;
  readonly all: boolean;
  readonly since?: string;
}

/** @returns the exit code */
export function runReplay(
  document: string,
  flags: ReplayFlags,
  command: Command,
  context: CliContext,
): Promise<number> {
  return withSession(command, context, async (session) => {
    const { loader, options, layout } = session;
    const catalog = await viewCatalog();
    const only = flags.view === undefined ? undefined : viewNamed(catalog, flags.view);
    const documents = await chooseDocuments(readChoice(document, flags), loader.archive, catalog, only);
    const outcomes = await replayDocuments(loader, documents, context.stdin, {
      ...readLoadOptions(flags),
      ...reporting(session, context, flags),
    });
    if (!flags.json && !options.quiet) context.stdout.write(renderOutcomes(outcomes, layout));
    const interrupted = context.signal.aborted && outcomes.length < documents.length;
    return interrupted ? exitCodeOf(context.signal.reason) : exitCodeOfOutcomes(outcomes);
  });
}

/** @throws OtcError `usage` */
function readChoice(document: string, flags: ReplayFlags): DocumentChoice {
  const since = flags.since === undefined ? undefined : parseDate(flags.since);
  if (flags.all && document === "latest") return { kind: "all", since };
  if (flags.all || since !== undefined) {
    throw new OtcError("usage", "--since requires --all, and --all excludes a document.", {
      remedy: "Give `replay --all --since DATE`, or `replay DOCUMENT`.",
    });
  }
  if (document === "latest") return { kind: "latest" };
  return /^\d{1,15}$/.test(document)
    ? { kind: "run", runId: Number(document) }
    : { kind: "file", path: document };
}

/** A day or a time, in UTC unless the text has an offset, like the names in the archive. */
function parseDate(text: string): Date {
  const isDate = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2}))?$/.test(text);
  const date = new Date(text);
  // `Date` turns a day that does not exist into another day.
  if (isDate && date.getTime() > 0 && Number(text.slice(8, 10)) === dayOf(text)) return date;
  throw new OtcError("usage", `--since is ${JSON.stringify(text)}.`, {
    remedy: "Give a day such as 2026-11-01, or a time such as 2026-11-01T02:00:00Z.",
  });
}

function dayOf(text: string): number {
  return new Date(text.slice(0, 10)).getUTCDate();
}

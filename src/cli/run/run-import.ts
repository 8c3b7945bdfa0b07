import type { Command } from "commander";
import { OtcError } from "../../errors/otc-error.ts";
import { type ColumnMapping, parseColumnMapping } from "../../import/mapping/column-mapping.ts";
import { readMappingFile } from "../../import/mapping/mapping-file.ts";
import type { KeyRule } from "../../import/keys/record-key.ts";
import { type ImportSource, openImport } from "../../import/import-source.ts";
import type { RecordFileOptions } from "../../import/open-record-file.ts";
import { suggestFromFile } from "../../import/suggest/suggest-from-file.ts";
import { parseDelimiter } from "../../import/csv-table.ts";
import { fileFormatOf } from "../../import/file-format.ts";
import { RejectsFile } from "../../runs/rejects/rejects-file.ts";
import type { LoadSource } from "../../runs/load-source.ts";
import { formatNumberOf } from "../../format/format.ts";
import { viewCatalog, viewNamed } from "../../views/catalog.ts";
import type { View } from "../../views/view.ts";
import type { CliContext } from "../cli-context.ts";
import { readErrorLimit } from "../options/load-options.ts";
import { loadAndReport } from "./run-load.ts";
import { parseSamples, planAndReport } from "./run-plan.ts";
import { renderMapping, renderReasons } from "../render/render-suggestion.ts";
import { type Session, withSession } from "../session.ts";
import type { ErrorLimitFlags } from "../options/load-options.ts";

export interface ImportFlags extends ErrorLimitFlags {
  readonly dryRun: boolean;
  readonly samples: string;
  readonly rejectsFile?: string;
  readonly migrate: boolean;
  readonly view: string;
  readonly format?: string;
  readonly sheet?: string;
  readonly delimiter?: string;
  readonly suggest: boolean;
  readonly map: readonly string[];
  readonly mapFile?: string;
  readonly keyFromDigits: boolean;
  readonly generateKey: boolean;
  readonly keyColumn: readonly string[];
}

/** @returns the exit code */
export function runImport(
  path: string,
  flags: ImportFlags,
  command: Command,
  context: CliContext,
): Promise<number> {
  checkSuggest(flags);
  checkRejectsFile(flags);
  return withSession(command, context, async (session) => {
    const view = viewNamed(await viewCatalog(), flags.view);
    const file: RecordFileOptions = {
      path,
      stdin: context.stdin,
      format: fileFormatOf(path, flags.format),
      sheet: flags.sheet,
      delimiter: flags.delimiter === undefined ? undefined : parseDelimiter(flags.delimiter),
      maxRecordBytes: session.loader.settings.maxRecordBytes,
      signal: context.signal,
      onOpening: (share) => {
        session.progress.show({ view: view.name, step: "open", records: 0, bytes: 0, share });
      },
    };
    if (flags.suggest) return suggest(session, context, file, view);
    const imported = await openImport(file, view, await readMappings(flags), readKeyRule(flags));
    const rejectsFile =
      flags.rejectsFile === undefined ? undefined : await createRejectsFile(flags.rejectsFile, imported);
    const source =
      rejectsFile === undefined
        ? imported.document
        : recordingRejects(imported.document, rejectsFile, session);
    try {
      const request = {
        ...readErrorLimit(flags),
        views: [view],
        // A file may hold only a part of a view.
        allowShrink: true,
        kind: "import",
        sourceOf: () => source,
      } as const;
      return flags.dryRun
        ? await planAndReport(session, context, flags, { ...request, samples: parseSamples(flags.samples) })
        : await loadAndReport(session, context, flags, { ...request, atomic: false });
    } finally {
      await rejectsFile?.close();
      await imported.close();
    }
  });
}

/** @throws OtcError `usage` when there is a mapping already, or something to be done with it */
function checkSuggest({ suggest: suggests, ...flags }: ImportFlags): void {
  const others = [
    ...(flags.map.length > 0 ? ["--map"] : []),
    ...(flags.mapFile === undefined ? [] : ["--map-file"]),
    ...(flags.keyFromDigits ? ["--key-from-digits"] : []),
    ...(flags.generateKey ? ["--generate-key"] : []),
    ...(flags.dryRun ? ["--dry-run"] : []),
    ...(flags.migrate ? ["--migrate"] : []),
  ];
  if (!suggests || others.length === 0) return;
  throw new OtcError("usage", `--suggest loads nothing, so it cannot be used with ${others.join(", ")}.`, {
    remedy: "Run it first, save what it prints, and import the file with --map-file.",
  });
}

/** Prints a mapping and the reasons for it. The database is not opened. @returns the exit code */
async function suggest(
  { progress, options }: Session,
  context: CliContext,
  file: RecordFileOptions,
  view: View,
): Promise<number> {
  const suggestion = await suggestFromFile(file, view);
  progress.stop();
  if (!options.quiet) context.stderr.write(renderReasons(suggestion, view, file.path));
  context.stdout.write(renderMapping(suggestion));
  return 0;
}

/** @throws OtcError `usage` */
function checkRejectsFile({ dryRun, rejectsFile }: ImportFlags): void {
  if (rejectsFile === undefined || dryRun) return;
  throw new OtcError("usage", "--rejects-file belongs to --dry-run.", {
    remedy: "Add --dry-run. Without it, the quarantine keeps the records: see otc-etl rejects list.",
  });
}

/** @throws OtcError `usage` when it exists already */
async function createRejectsFile(path: string, imported: ImportSource): Promise<RejectsFile> {
  try {
    return await RejectsFile.create(path);
  } catch (error) {
    await imported.close();
    throw error;
  }
}

/** The document, whose rejected records are written to a file at the end of its load. */
function recordingRejects(document: LoadSource, file: RejectsFile, { log }: Session): LoadSource {
  return {
    ...document,
    finish: async (rejects) => {
      await file.write(rejects);
      const some = rejects.stored < rejects.count ? `${rejects.stored} of ` : "";
      const records = formatNumberOf(rejects.count, "rejected record");
      log.info(`${some}${records} written to ${file.path}`);
    },
  };
}

/** Those of the flags come last and win. */
async function readMappings({ map, mapFile }: ImportFlags): Promise<readonly ColumnMapping[]> {
  const own = map.map(parseColumnMapping);
  return mapFile === undefined ? own : [...(await readMappingFile(mapFile)), ...own];
}

/** @throws OtcError `usage` */
function readKeyRule({ keyFromDigits, generateKey, keyColumn }: ImportFlags): KeyRule | undefined {
  if (keyFromDigits && generateKey) {
    throw new OtcError("usage", "--key-from-digits and --generate-key exclude each other.", {
      remedy: "Use the first if a column has numbers such as INC0010001, and the second if none has.",
    });
  }
  if (generateKey) return { kind: "generated", columns: keyColumn };
  if (keyColumn.length > 0) {
    throw new OtcError("usage", "--key-column belongs to --generate-key.", { remedy: "Add --generate-key." });
  }
  return keyFromDigits ? { kind: "digits" } : undefined;
}

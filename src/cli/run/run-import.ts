import type { Command } from "commander";
import { OtcError } from "../../errors/otc-error.ts";
import { type ColumnMapping, parseColumnMapping } from "../../import/mapping/column-mapping.ts";
import { readMappingFile } from "../../import/mapping/mapping-file.ts";
import type { KeyRule } from "../../import/keys/record-key.ts";
import { openImport } from "../../import/import-source.ts";
import { parseDelimiter } from "../../import/csv-table.ts";
import { fileFormatOf } from "../../import/file-format.ts";
import { viewCatalog, viewNamed } from "../../views/catalog.ts";
import type { CliContext } from "../cli-context.ts";
import { readErrorLimit } from "../options/load-options.ts";
import { loadAndReport } from "./run-load.ts";
import { parseSamples, planAndReport } from "./run-plan.ts";
import { withSession } from "../session.ts";
import type { ErrorLimitFlags } from "../options/load-options.ts";

export interface ImportFlags extends ErrorLimitFlags {
  readonly dryRun: boolean;
  readonly samples: string;
  readonly migrate: boolean;
  readonly view: string;
  readonly format?: string;
  readonly sheet?: string;
  readonly delimiter?: string;
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
  return withSession(command, context, async (session) => {
    const view = viewNamed(await viewCatalog(), flags.view);
    const imported = await openImport(
      {
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
      },
      view,
      await readMappings(flags),
      readKeyRule(flags),
    );
    try {
      const request = {
        ...readErrorLimit(flags),
        views: [view],
        // A file may hold only a part of a view.
        allowShrink: true,
        kind: "import",
        sourceOf: () => imported.document,
      } as const;
      return flags.dryRun
        ? await planAndReport(session, context, flags, { ...request, samples: parseSamples(flags.samples) })
        : await loadAndReport(session, context, flags, { ...request, atomic: false });
    } finally {
      await imported.close();
    }
  });
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

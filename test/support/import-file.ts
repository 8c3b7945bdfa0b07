import { Readable } from "node:stream";
import type { KeyRule } from "../../src/import/keys/record-key.ts";
import { parseColumnMapping } from "../../src/import/mapping/column-mapping.ts";
import { fileFormatOf } from "../../src/import/file-format.ts";
import { openImport } from "../../src/import/import-source.ts";
import type { Loader } from "../../src/loader/loader.ts";
import type { LoadOutcome } from "../../src/runs/outcome.ts";
import type { View } from "../../src/views/view.ts";
import { type LoadChoices, loadViews } from "./load-records.ts";

/** How an import of a test differs from the default. */
interface ImportChoices extends LoadChoices {
  /** As `--map` has them. */
  readonly maps?: readonly string[];
  readonly key?: KeyRule;
}

/** Imports a file as `import` does. An import that fails is an outcome as well. */
export async function importFile(
  loader: Loader,
  view: View,
  path: string,
  { maps = [], key, ...choices }: ImportChoices = {},
): Promise<LoadOutcome> {
  const { document, close } = await openImport(
    {
      path,
      stdin: Readable.from([]),
      format: fileFormatOf(path, undefined),
      sheet: undefined,
      delimiter: undefined,
      maxRecordBytes: loader.settings.maxRecordBytes,
      signal: new AbortController().signal,
      onOpening: () => undefined,
    },
    view,
    maps.map(parseColumnMapping),
    key,
  );
  try {
    const [outcome] = await loadViews(loader, [view], {
      ...choices,
      allowShrink: true,
      kind: "import",
      sourceOf: () => document,
    });
    if (outcome === undefined) throw new Error("The import had no outcome.");
    return outcome;
  } finally {
    await close();
  }
}

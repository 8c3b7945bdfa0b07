import type { DocumentSource } from "../source/document-source.ts";
import { checkFile, nameOf } from "../source/file-bytes.ts";
import { openRecordFile, type RecordFileOptions } from "./open-record-file.ts";
import type { View } from "../views/view.ts";
import type { ColumnMapping } from "./mapping/column-mapping.ts";
import { mapRecords } from "./mapping/map-records.ts";
import type { KeyRule } from "./keys/record-key.ts";

/** An exported file, matched with its view and ready to be loaded like a document of the API. */
export interface ImportSource {
  readonly document: DocumentSource;
  /** Closes the file, whether or not it has been read. */
  readonly close: () => Promise<void>;
}

/**
 * Opens an exported file and finds the view's fields in it. It does so before a load begins.
 *
 * @throws OtcError `usage` when the file does not exist, cannot be read, or its fields do not match the view;
 *   SourceError when reading fails later
 */
export async function openImport(
  options: RecordFileOptions,
  view: View,
  mappings: readonly ColumnMapping[],
  key?: KeyRule,
): Promise<ImportSource> {
  await checkFile(options.path);
  // The load has a signal of its own, which must also stop the reading of the file.
  const ended = new AbortController();
  const file = await openRecordFile({ ...options, signal: AbortSignal.any([options.signal, ended.signal]) });
  try {
    const mapping = mapRecords(view, file, mappings, key);
    return {
      document: {
        origin: nameOf(options.path),
        kind: "file",
        canReopen: false,
        // The beginning of the file has been read already.
        open: (signal) => {
          signal.addEventListener("abort", () => {
            ended.abort(signal.reason);
          });
          return Promise.resolve(file.document(mapping));
        },
        share: file.share,
      },
      close: file.close,
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

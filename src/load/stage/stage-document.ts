import { createHash } from "node:crypto";
import type { DocumentCopy } from "../../archive/document-copy.ts";
import type { Transaction } from "../../database/database.ts";
import { SourceError } from "../../errors/source-error.ts";
import { FingerprintFramer } from "../../json/fingerprint-framer.ts";
import { freeChunk } from "../../source/free-chunk.ts";
import type { KnownRows } from "../known-rows/known-rows.ts";
import type { RejectedFields, SchemaDrift } from "../../views/record-converter.ts";
import type { TextRepairs } from "../../views/values/text.ts";
import type { TimeZone } from "../../views/values/time-zone.ts";
import type { View } from "../../views/view.ts";
import type { RejectedKeys } from "../missing/rejected-keys.ts";
import type { FilledTable } from "../first-load/fill-empty-table.ts";
import type { RejectSpool } from "../../runs/rejects/reject-spool.ts";
import { type RowDestination, RowStager } from "./row-stager.ts";

/** Rows are handed to COPY in pieces of about this many bytes. */
const PIECE_BYTES = 64 * 1024;

/** A document that has been read to its end and lies in the staging table, or in the view's own. */
export interface StagedDocument {
  readonly fetched: number;
  /** The rows whose records were neither converted nor staged; undefined when every record was. */
  readonly known: KnownRows | undefined;
  /** Rows in the staging table: what was fetched without what is known, was rejected, or is in `filled`. */
  readonly staged: number;
  /** How many of them have a key that may have come before. */
  readonly possibleDuplicates: number;
  /** The view's own table when rows went into it directly. */
  readonly filled?: FilledTable;
  readonly payloadBytes: number;
  /** In hex. */
  readonly payloadSha256: string;
  readonly drift: SchemaDrift;
  readonly rejectedFields: RejectedFields;
  readonly repairs: Readonly<TextRepairs>;
}

interface StageOptions {
  readonly view: View;
  /** What stands between COPY and FROM. */
  readonly target: string;
  readonly destination: RowDestination;
  readonly timeZone: TimeZone;
  readonly maxRecordBytes: number;
  readonly maxDocumentBytes: number;
  /** The key of the records' fingerprints. */
  readonly fingerprintKey: Uint8Array;
  readonly known: KnownRows | undefined;
  readonly rejects: RejectSpool;
  /** Receives the keys of rejected records. */
  readonly rejectedKeys: RejectedKeys | undefined;
  /** Where the document is kept as it came. */
  readonly copy: DocumentCopy | undefined;
  readonly onProgress: (records: number, bytes: number) => void;
}

/**
 * Streams a document into a table: frame, convert, COPY. Memory holds a chunk, a record and a piece of rows,
 * whatever the size of the document; a slow database holds back the reading of the source.
 *
 * @throws SourceError when the document is not complete, or is too large
 */
export async function stageDocument(
  transaction: Transaction,
  chunks: AsyncIterable<Buffer>,
  options: StageOptions,
): Promise<StagedDocument> {
  const {
    view,
    target,
    destination,
    timeZone,
    fingerprintKey: key,
    known,
    rejects,
    rejectedKeys,
    copy,
    onProgress,
  } = options;
  const hash = createHash("sha256");
  const framer = new FingerprintFramer({
    maxRecordBytes: options.maxRecordBytes,
    key,
    ...(known === undefined ? {} : { known: known.fingerprints }),
  });
  const stager = new RowStager(view, timeZone, rejects, destination, rejectedKeys, framer.module);

  async function* copyRows(): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      if (framer.bytes + chunk.length > options.maxDocumentBytes) throw tooLarge(options.maxDocumentBytes);
      hash.update(chunk);
      stager.beginChunk(chunk);
      framer.push(chunk, (bytes, start, end, position, fingerprint, isInChunk) => {
        stager.stage(bytes, start, end, position + 1, fingerprint, isInChunk);
      });
      onProgress(framer.records, framer.bytes);
      await rejects.relieve();
      await rejectedKeys?.relieve();
      if (destination.kind === "table") await destination.waiting.relieve();
      // Last, because then nobody else needs the chunk any more.
      const free = (): void => {
        freeChunk(chunk);
      };
      if (copy === undefined) free();
      else await copy.write(chunk, free);
      if (stager.pendingBytes >= PIECE_BYTES) yield stager.takeRows();
    }
    framer.finish();
    await copy?.keep();
    if (stager.pendingBytes > 0) yield stager.takeRows();
  }

  const staged = await transaction.copyIn(target, copyRows(), {
    freeze: destination.kind === "table" && destination.freeze,
  });
  return {
    fetched: framer.records,
    known,
    staged,
    possibleDuplicates: stager.possibleDuplicates,
    payloadBytes: framer.bytes,
    payloadSha256: hash.digest("hex"),
    drift: stager.drift,
    rejectedFields: stager.rejectedFields,
    repairs: stager.repairs,
  };
}

function tooLarge(maxDocumentBytes: number): SourceError {
  return new SourceError("document", `The document is larger than ${maxDocumentBytes} bytes, decompressed.`, {
    remedy:
      "If the view really has that much data, raise OTC_MAX_DOCUMENT_BYTES. Otherwise ask the OTC team.",
  });
}

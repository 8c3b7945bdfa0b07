/** What becomes of a field of the file: a field of the document. */
export interface DocumentField {
  readonly name: string;
  /** Whether a bare number in it is a day of a spreadsheet's calendar. */
  readonly holdsTime: boolean;
}

/**
 * Says which field of the document a field of the file is, or undefined where there is none: it keeps its own name then.
 */
export type FieldNaming = (field: string) => DocumentField | undefined;

/** An exported file that has been opened far enough to know its fields. */
export interface RecordFile {
  /** The names of its fields: the header of a table, or the fields of the first records. */
  readonly fields: readonly string[];
  /** A table's header names every field there is; the records of a JSON file may have further ones. */
  readonly fieldsAre: "all" | "sampled";
  /** The records as the API would send them, a JSON list in bytes; to be read once. */
  readonly document: (naming: FieldNaming) => AsyncIterable<Buffer>;
  /** How much of the file has been read, from 0 to 1, where that is known. */
  readonly share: () => number | undefined;
  /** Gives the file back; can be called again, and while it is being read. */
  readonly close: () => Promise<void>;
}

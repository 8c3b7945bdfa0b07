import type { RecordKey } from "./keys/record-key.ts";

/** A field of the document, which a field of the file becomes. */
export interface DocumentField {
  readonly name: string;
  /** Whether a bare number in the field is a date of a spreadsheet's calendar. */
  readonly holdsTime: boolean;
}

/**
 * Returns the field of the document that a field of the file is, or undefined for none. Such a field keeps its name.
 */
export type FieldNaming = (field: string) => DocumentField | undefined;

/** What the fields of a file become. */
export interface RecordMapping {
  readonly naming: FieldNaming;
  /** What gives the records their key; undefined if the file has it. */
  readonly key: RecordKey | undefined;
}

/** An exported file that has been opened far enough to know its fields. */
export interface RecordFile {
  /** The names of its fields: the header of a table, or the fields of the first records. */
  readonly fields: readonly string[];
  /** A table's header names all fields. The records of a JSON file may have further ones. */
  readonly fieldsAre: "all" | "sampled";
  /** The records as the API would send them, as the bytes of a JSON list. They can be read once. */
  readonly document: (mapping: RecordMapping) => AsyncIterable<Buffer>;
  /** How much of the file has been read, from 0 to 1, where that is known. */
  readonly share: () => number | undefined;
  /** Closes the file. It may be called repeatedly, and while the file is being read. */
  readonly close: () => Promise<void>;
}

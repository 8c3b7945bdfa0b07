/** Each script of `children/`, and what it has to be told. */
export interface ChildJobs {
  "copy-rows": {
    readonly url: string;
    readonly rows: ReadyMadeRows;
  };
  "copy-rows-embedded": {
    /** The database's own directory. */
    readonly directory: string;
    readonly rows: ReadyMadeRows;
  };
  "upsert-rows": {
    readonly url: string;
    readonly rows: ReadyMadeRows;
    /** Quoted columns. */
    readonly key: readonly string[];
    readonly overwritten: readonly string[];
  };
}

/** Rows in COPY's text format, and where they belong. */
export interface ReadyMadeRows {
  readonly path: string;
  /** How many the file holds. */
  readonly count: number;
  /** Quoted, with its schema. */
  readonly table: string;
  /** Quoted, in the order of the file. */
  readonly columns: readonly string[];
}

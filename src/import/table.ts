/** A value in a table. Null is a cell that holds nothing; an integer of more digits than a float keeps is a text. */
export type Cell = string | number | boolean | null;

export type Row = readonly Cell[];

/** Rows under a header: what a sheet and a CSV file have in common. */
export interface Table {
  /** The names of the columns as they stand there; empty where there is none. */
  readonly header: readonly string[];
  /** The rows below the header, to be read once; empty ones are left out. */
  readonly rows: AsyncGenerator<Row>;
  /**
   * How a value finds its column. In a sheet each cell has an address. In CSV it is counted, so that in a row with more
   * values than the header none can be trusted: an unquoted comma has shifted the rest.
   */
  readonly placed: "by address" | "by counting";
  /** What a bare number means in a column of times; what is no time is given back as it is. */
  readonly timeOf: (serial: number) => Cell;
}

/** A value in a table. Null is an empty cell. An integer with more digits than a float can store exactly is a text. */
export type Cell = string | number | boolean | null;

export type Row = readonly Cell[];

/** Rows under a header: a sheet or a CSV file. */
export interface Table {
  /** The names of the columns as the file spells them; empty for a column without a name. */
  readonly header: readonly string[];
  /** The rows below the header, without empty ones. They can be read once. */
  readonly rows: AsyncGenerator<Row>;
  /**
   * How a value is assigned to its column. In a sheet, each cell has an address. In CSV, values are counted. In a row with
   * more values than the header, no value is reliable, because an unquoted comma may have shifted the rest.
   */
  readonly placed: "by address" | "by counting";
  /** Converts a bare number in a column of times into a time. Any other number is returned unchanged. */
  readonly timeOf: (serial: number) => Cell;
}

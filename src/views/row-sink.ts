/** Receives the converted values of a row for COPY, one call per column, in the view's order. */
export interface RowSink {
  writeNull(): void;
  /** UTF-8 without U+0000. */
  writeTextBytes(bytes: Buffer, start: number, end: number): void;
  writeInteger(value: number | bigint): void;
  /** Microseconds since 2000-01-01 UTC. */
  writeTimestamp(microseconds: number | bigint): void;
  /** Digits with a decimal point and an exponent, if any. */
  writeNumeric(text: string): void;
  writeBoolean(value: boolean): void;
  /** JSON that PostgreSQL's jsonb can store. */
  writeJson(text: string): void;
}

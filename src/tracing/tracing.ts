/** What a span tells beside its name and times: names, numbers and codes, never a secret or what a record holds. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** A piece of work that is being traced. */
export interface TraceSpan {
  /** Begins a piece of this one. */
  begin(name: string, attributes?: SpanAttributes): TraceSpan;
  set(attributes: SpanAttributes): void;
  /** @param error what ended it, when it failed; of its text nothing is told, for that may quote a record */
  end(error?: unknown): void;
}

/** Where traces go. */
export interface Tracing {
  /** @param startedAt milliseconds of `performance.now()` */
  begin(name: string, attributes: SpanAttributes, startedAt: number): TraceSpan;
  /** Sends what is left, for a moment at most; never throws. */
  close(): Promise<void>;
}

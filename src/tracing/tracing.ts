import type { Shutdown } from "../shutdown/shutdown.ts";

/** The attributes of a span: names, numbers and codes, but never a secret or a value of a record. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** A piece of work that is being traced. */
export interface TraceSpan {
  /** Begins a child span. */
  begin(name: string, attributes?: SpanAttributes): TraceSpan;
  set(attributes: SpanAttributes): void;
  /** @param error the error, if the work failed; its message is not exported, because it may quote a record */
  end(error?: unknown): void;
}

/** Where traces go. */
export interface Tracing {
  /** @param startedAt milliseconds of `performance.now()` */
  begin(name: string, attributes: SpanAttributes, startedAt: number): TraceSpan;
  /**
   * Sends the remaining spans, within two seconds at most. It never throws.
   *
   * @param shutdown may shorten that
   */
  close(shutdown: Shutdown): Promise<void>;
}

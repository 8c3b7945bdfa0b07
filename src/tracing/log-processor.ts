import type { ReadableSpan, SpanProcessor } from "@opentelemetry/sdk-trace";
import type { Logger } from "pino";

/** The exporter `console`, which logs every span when it ends. The SDK's own writes to stdout, which is for data. */
export class LogProcessor implements SpanProcessor {
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  onStart(): void {
    // A span is logged when it ends.
  }

  onEnd(span: ReadableSpan): void {
    const { traceId, spanId } = span.spanContext();
    const [seconds, nanoseconds] = span.duration;
    const durationMs = seconds * 1e3 + nanoseconds / 1e6;
    const parentId = span.parentSpanContext?.spanId;
    this.#log.info({ traceId, spanId, parentId, durationMs, ...span.attributes }, `span ${span.name}`);
  }

  forceFlush(): Promise<void> {
    return Promise.resolve();
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }
}

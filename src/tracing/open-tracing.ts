import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { context, type Context, type Span, SpanStatusCode, trace, type Tracer } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import {
  defaultResource,
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from "@opentelemetry/resources";
import { BatchSpanProcessor, type SpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import type { Logger } from "pino";
import { packageVersion } from "../config/package-version.ts";
import type { TracingSettings } from "../config/tracing-settings.ts";
import { OtcError } from "../errors/otc-error.ts";
import { errorMessage } from "../errors/error-message.ts";
import { LogProcessor } from "./log-processor.ts";
import type { SpanAttributes, TraceSpan, Tracing } from "./tracing.ts";
import { WatchedExporter } from "./watched-exporter.ts";

/** The time limit for a collector, in milliseconds, so that a slow one does not delay the end of the process. */
const EXPORT_MS = 2000;

const SCOPE = "otc-etl";

/** A traceparent, to which later versions may add: trace, parent, and flags, whose last bit means `sampled`. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-|$)/;

/**
 * Creates and sends spans, until closed. It changes no global state, so that an application that embeds otc-etl keeps its
 * own tracing. If the application has an active span, that span is the parent.
 */
export function openTracing(settings: TracingSettings, log: Logger): Tracing {
  if (settings.otherProtocol !== undefined) {
    log.warn(
      `OTEL_EXPORTER_OTLP_PROTOCOL: ${settings.otherProtocol} is not supported, spans are sent with http/protobuf`,
    );
  }
  const provider = new TracerProvider({
    resource: defaultResource()
      .merge(
        resourceFromAttributes({
          "service.name": SCOPE,
          "service.version": packageVersion(),
          "host.name": hostname(),
          "process.pid": process.pid,
        }),
      )
      .merge(detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] })),
    spanProcessors: settings.exporters.flatMap((exporter) => openProcessor(exporter, log) ?? []),
  });
  const tracer = provider.getTracer(SCOPE, packageVersion());
  return {
    begin: (name, attributes, startedAt) => {
      const startTime = performance.timeOrigin + startedAt;
      const parent = parentOf(settings.traceparent);
      return new OpenSpan(tracer, tracer.startSpan(name, { attributes, startTime }, parent), parent);
    },
    close: (shutdown) => closeInTime(provider, shutdown.leftMs("spans", EXPORT_MS), log),
  };
}

function openProcessor(exporter: string, log: Logger): SpanProcessor | undefined {
  if (exporter === "console") return new LogProcessor(log);
  if (exporter === "otlp") {
    // With the default time limit, an unreachable collector would delay the end of the process by ten seconds.
    const collector = new WatchedExporter(new OTLPTraceExporter({ timeoutMillis: EXPORT_MS }), log);
    return new BatchSpanProcessor({ exporter: collector, exportTimeoutMillis: EXPORT_MS });
  }
  log.warn(`OTEL_TRACES_EXPORTER: ${exporter} is not one of otlp, console and none; no spans are sent to it`);
  return undefined;
}

function parentOf(traceparent: string | undefined): Context {
  const active = context.active();
  const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent ?? "") ?? [];
  if (trace.getSpan(active) !== undefined || traceId === undefined || spanId === undefined) return active;
  const traceFlags = Number.parseInt(flags ?? "00", 16) & 1;
  return trace.setSpanContext(active, { traceId, spanId, traceFlags, isRemote: true });
}

/** `WatchedExporter` has logged failures of the collector already. */
async function closeInTime(provider: TracerProvider, limitMs: number, log: Logger): Promise<void> {
  const waiting = new AbortController();
  const closed = provider.shutdown().catch((error: unknown) => {
    log.debug(`tracing closed: ${errorMessage(error)}`);
  });
  const { signal } = waiting;
  await Promise.race([closed, sleep(limitMs, undefined, { signal }).catch(() => undefined)]);
  waiting.abort();
}

class OpenSpan implements TraceSpan {
  readonly #tracer: Tracer;
  readonly #span: Span;
  readonly #parent: Context;

  constructor(tracer: Tracer, span: Span, parent: Context) {
    this.#tracer = tracer;
    this.#span = span;
    this.#parent = parent;
  }

  begin(name: string, attributes: SpanAttributes = {}): TraceSpan {
    const within = trace.setSpan(this.#parent, this.#span);
    return new OpenSpan(this.#tracer, this.#tracer.startSpan(name, { attributes }, within), within);
  }

  set(attributes: SpanAttributes): void {
    this.#span.setAttributes(attributes);
  }

  end(error?: unknown): void {
    if (error !== undefined) {
      const type = error instanceof OtcError ? error.code : "internal";
      this.#span.recordException({ name: type });
      this.#span.setAttribute("error.type", type);
      this.#span.setStatus({ code: SpanStatusCode.ERROR, message: type });
    }
    this.#span.end();
  }
}

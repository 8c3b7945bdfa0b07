import type { Environment } from "./read-settings.ts";

/** What the standard variables of OpenTelemetry ask for. */
export interface TracingSettings {
  /** Where spans go; one that is not known is for whoever opens them to say. */
  readonly exporters: readonly string[];
  /** The protocol asked for, when it is another than the one spoken. */
  readonly otherProtocol: string | undefined;
  /** The span of the process that started this one, as in the header of that name (https://www.w3.org/TR/trace-context/). */
  readonly traceparent: string | undefined;
}

const SPOKEN_PROTOCOL = "http/protobuf";

/**
 * Whether and where to send spans, by the standard variables
 * (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/). The libraries read further ones, as
 * those of the endpoint, themselves, and from the process alone: so all of them are the process's, and not `.env`'s.
 *
 * @param env of this process, without `.env`
 * @returns undefined when nobody asks for spans
 */
export function tracingSettings(env: Environment): TracingSettings | undefined {
  const valueOf = (...names: readonly string[]): string | undefined =>
    names.map((name) => env[name]?.trim()).find((value) => value !== undefined && value !== "");
  if (valueOf("OTEL_SDK_DISABLED")?.toLowerCase() === "true") return undefined;
  const endpoint = valueOf("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT");
  const chosen = valueOf("OTEL_TRACES_EXPORTER") ?? (endpoint === undefined ? "none" : "otlp");
  const exporters = chosen
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && name !== "none");
  if (exporters.length === 0) return undefined;
  const protocol = valueOf("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL");
  return {
    exporters,
    otherProtocol: protocol === SPOKEN_PROTOCOL ? undefined : protocol,
    traceparent: valueOf("TRACEPARENT"),
  };
}

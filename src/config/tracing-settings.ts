import type { Environment } from "./read-settings.ts";

/** What the standard variables of OpenTelemetry configure. */
export interface TracingSettings {
  /** The exporters of spans; `openTracing` reports unknown ones. */
  readonly exporters: readonly string[];
  /** The configured protocol, when it is not the supported one. */
  readonly otherProtocol: string | undefined;
  /** The span of the process that started this one, as in the header of that name (https://www.w3.org/TR/trace-context/). */
  readonly traceparent: string | undefined;
}

const SUPPORTED_PROTOCOL = "http/protobuf";

/**
 * Whether and where to send spans, by the standard variables
 * (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/). The libraries read further variables,
 * such as those of the endpoint, only from the process. So all of them must be set there, and not in `.env`.
 *
 * @param env the environment of this process
 * @returns undefined when no exporter is configured
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
    otherProtocol: protocol === SUPPORTED_PROTOCOL ? undefined : protocol,
    traceparent: valueOf("TRACEPARENT"),
  };
}

import { expect, test } from "vitest";
import { tracingSettings } from "../../../src/config/tracing-settings.ts";

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" };

test.each([
  [{}, undefined],
  [{ OTEL_SERVICE_NAME: "nightly", TRACEPARENT: "00-1-2-01" }, undefined],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: " " }, undefined],
  [{ ...ENDPOINT, OTEL_SDK_DISABLED: "TRUE" }, undefined],
  [{ ...ENDPOINT, OTEL_TRACES_EXPORTER: "none" }, undefined],
  [ENDPOINT, ["otlp"]],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://collector:4318/v1/traces" }, ["otlp"]],
  [{ OTEL_TRACES_EXPORTER: "otlp, console" }, ["otlp", "console"]],
])("%j send spans to %j", (env, exporters) => {
  expect(tracingSettings(env)?.exporters).toEqual(exporters);
});

test("an unsupported protocol is reported", () => {
  const grpc = tracingSettings({ ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" });
  expect(grpc?.otherProtocol).toBe("grpc");
  const http = tracingSettings({ ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf" });
  expect(http?.otherProtocol).toBeUndefined();
});

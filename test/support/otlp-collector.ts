import { createServer } from "node:http";
import type { Environment } from "../../src/config/read-settings.ts";
import { protobufFields } from "./protobuf-fields.ts";
import { listenUntilTestEnds } from "./listen.ts";

/** A span as it arrived. */
interface ReceivedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string;
  readonly attributes: Readonly<Record<string, string | number>>;
  /** In nanoseconds. */
  readonly start: bigint;
  readonly end: bigint;
  /** The name of each event, as `exception`. */
  readonly events: readonly string[];
  readonly failed: boolean;
}

/** A collector of OpenTelemetry, on loopback. */
interface Collector {
  readonly env: Environment;
  readonly spans: readonly ReceivedSpan[];
  /** Attributes of what sent the spans. */
  readonly resource: Readonly<Record<string, string | number>>;
  /** Everything that was received, to search for what may not be in it. */
  readonly bytes: () => Buffer;
}

/**
 * Receives spans by OTLP over HTTP, until the test ends.
 *
 * @param answers false for one that takes a connection and says nothing
 */
export async function startCollector(answers = true): Promise<Collector> {
  const bodies: Buffer[] = [];
  const spans: ReceivedSpan[] = [];
  const resource: Record<string, string | number> = {};
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (!answers) return;
      const body = Buffer.concat(chunks);
      bodies.push(body);
      if (request.url === "/v1/traces") {
        for (const resourceSpans of within(body, 1)) {
          for (const sender of within(resourceSpans, 1))
            Object.assign(resource, attributesOf(within(sender, 1)));
          for (const scopeSpans of within(resourceSpans, 2))
            spans.push(...within(scopeSpans, 2).map(readSpan));
        }
      }
      response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
    });
  });
  const port = await listenUntilTestEnds(server);
  return {
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` },
    spans,
    resource,
    bytes: () => Buffer.concat(bodies),
  };
}

/** The numbers of fields are those of opentelemetry/proto/trace/v1/trace.proto. */
function readSpan(message: Buffer): ReceivedSpan {
  const text = (number: number, encoding: "utf8" | "hex"): string =>
    within(message, number)[0]?.toString(encoding) ?? "";
  const time = (number: number): bigint => numberWithin(message, number) ?? 0n;
  const [status] = within(message, 15);
  return {
    name: text(5, "utf8"),
    traceId: text(1, "hex"),
    spanId: text(2, "hex"),
    parentId: text(4, "hex"),
    attributes: attributesOf(within(message, 9)),
    start: time(7),
    end: time(8),
    events: within(message, 11).map((event) => within(event, 2)[0]?.toString("utf8") ?? ""),
    failed: status !== undefined && numberWithin(status, 3) === 2n,
  };
}

function attributesOf(pairs: readonly Buffer[]): Record<string, string | number> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const value = within(pair, 2)[0] ?? Buffer.alloc(0);
      const text = within(value, 1)[0]?.toString("utf8");
      return [within(pair, 1)[0]?.toString("utf8") ?? "", text ?? Number(numberWithin(value, 3))];
    }),
  );
}

function within(message: Buffer, number: number): readonly Buffer[] {
  return protobufFields(message).flatMap((field) =>
    field.number === number && Buffer.isBuffer(field.value) ? [field.value] : [],
  );
}

function numberWithin(message: Buffer, number: number): bigint | undefined {
  const field = protobufFields(message).find((candidate) => candidate.number === number);
  return typeof field?.value === "bigint" ? field.value : undefined;
}

import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline, Readable } from "node:stream";
import { isAuthorized, type Credentials } from "./basic-auth.ts";
import { contentEncoder, type ContentEncoding } from "./content-encoding.ts";
import { requireDay, SIMULATED_VIEWS, simulatedDocument, type SimulatedView } from "./document.ts";
import type { Scale } from "./scale.ts";
import { cutShort, type Trouble } from "./trouble.ts";

export interface SimulatorOptions {
  /** 0 (the default) takes any free port. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 1. */
  readonly seed?: number;
  readonly scale: Scale;
  /** Days since Monday 5 January 2026. Default 0. */
  readonly day?: number;
  /** Records in each document that hold a value no converter can accept. Default 0. */
  readonly flaws?: number;
  /** Tickets that come in on this day and later have a field that the view does not define. Default: none has. */
  readonly newFieldSince?: number;
  /** As in `DocumentOptions`. */
  readonly corrections?: boolean;
  /** Used regardless of what the client accepts, as OTC does. Default identity. */
  readonly encoding?: ContentEncoding;
  /** Without credentials, everybody may read. */
  readonly credentials?: Credentials;
  /** Default: each view's own name. */
  readonly viewIds?: Readonly<Record<SimulatedView, string>>;
  /** Called when an answer begins; the document may still end early. */
  readonly onRequest?: (info: SimulatedRequest) => void;
}

export type Troubles = Readonly<Partial<Record<SimulatedView, Trouble>>>;

/** What can change while the simulator runs. */
interface Conditions {
  readonly day: number;
  readonly flaws: number;
  readonly troubles: Troubles;
}

export interface SimulatedRequest {
  readonly method: string;
  /** The id of the request; `undefined` when it has none. */
  readonly id: string | undefined;
  /** Set when a document is served. */
  readonly view: SimulatedView | undefined;
  readonly status: number;
  readonly day: number;
}

export interface Simulator {
  /** The URL of the API for a loader, without the `id` parameter. */
  readonly url: string;
  readonly port: number;
  /** Moves the views to another day; documents under way stay on theirs. Throws RangeError as `simulatedDocument`. */
  setDay(day: number): void;
  /** How many records of each document hold a bad value from now on. */
  setFlaws(flaws: number): void;
  /** Which views fail from now on, and how; the others do not. */
  setTroubles(troubles: Troubles): void;
  /** Stops listening and cuts open connections. May be called again. */
  close(): Promise<void>;
}

const PATHS = ["/", "/views"];

/**
 * Serves the three views over HTTP as the OTC API does: `GET {url}?id={view id}`.
 *
 * @throws RangeError for a bad day, and the system's error when the port cannot be taken.
 */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const host = options.host ?? "127.0.0.1";
  let conditions: Conditions = { day: options.day ?? 0, flaws: options.flaws ?? 0, troubles: {} };
  requireDay(conditions.day);

  const server = createServer((request, response) => {
    answer(options, conditions, request, response);
  });
  server.listen(options.port ?? 0, host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${String(port)}/views`,
    port,
    setDay(day) {
      requireDay(day);
      conditions = { ...conditions, day };
    },
    setFlaws(flaws) {
      conditions = { ...conditions, flaws };
    },
    setTroubles(troubles) {
      conditions = { ...conditions, troubles };
    },
    close: () =>
      new Promise((resolve) => {
        // The only possible error is that the server is closed already.
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

function answer(
  options: SimulatorOptions,
  conditions: Conditions,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const { day } = conditions;
  const method = request.method ?? "";
  // Not `new URL`: it throws on targets such as "//".
  const [path = "", query = ""] = (request.url ?? "").split("?", 2);
  const id = new URLSearchParams(query).get("id") ?? undefined;
  const refuse = (status: number, message: string, headers: Record<string, string> = {}): void => {
    options.onRequest?.({ method, id, view: undefined, status, day });
    response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers });
    response.end(JSON.stringify({ error: { code: status, message } }));
  };

  if (method !== "GET") {
    refuse(405, `Method ${method} is not allowed.`, { allow: "GET" });
    return;
  }
  if (
    options.credentials !== undefined &&
    !isAuthorized(request.headers.authorization, options.credentials)
  ) {
    refuse(401, "Basic credentials are missing or wrong.", {
      "www-authenticate": 'Basic realm="OTC", charset="UTF-8"',
    });
    return;
  }
  const view = SIMULATED_VIEWS.find((name) => (options.viewIds?.[name] ?? name) === id);
  if (view === undefined || !PATHS.includes(path)) {
    refuse(404, id === undefined ? "The parameter id is missing." : `There is no view "${id}" here.`);
    return;
  }
  if (conditions.troubles[view] === "unavailable") {
    refuse(503, "The service is being maintained.");
    return;
  }
  options.onRequest?.({ method, id, view, status: 200, day });
  serveDocument(options, view, conditions, response);
}

function serveDocument(
  options: SimulatorOptions,
  view: SimulatedView,
  { day, flaws, troubles }: Conditions,
  response: ServerResponse,
): void {
  const { encoding = "identity", scale, seed = 1, newFieldSince = Infinity, corrections = false } = options;
  const headers = { "content-type": "application/json; charset=utf-8" };
  response.writeHead(200, encoding === "identity" ? headers : { ...headers, "content-encoding": encoding });
  const whole = simulatedDocument({ view, seed, scale, day, flaws, newFieldSince, corrections });
  const chunks = troubles[view] === "cut-short" ? cutShort(whole) : whole;
  const document = Readable.from(chunks, { objectMode: false });
  const encoder = contentEncoder(encoding);
  // A client may disconnect at any time; then pipeline destroys every stream, and there is nobody to report to.
  const done = (): void => undefined;
  if (encoder === undefined) pipeline(document, response, done);
  else pipeline(document, encoder, response, done);
}

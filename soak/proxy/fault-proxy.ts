import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { endsTransaction, OUTSIDE, StatementReader } from "./statement-reader.ts";

/** A statement on its way to the server. */
export interface PassingStatement {
  readonly text: string;
  /** The step of the load; `commit` for its COMMIT. */
  readonly step: string;
  /** The port that the server sees as the client's. */
  readonly serverSidePort: number;
}

/** What becomes of a statement: it does not reach the server, its answer does not reach the client, or nothing. */
export type Verdict = "hold" | "swallow answer" | "pass";

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  readonly reader: StatementReader;
  /** What the client sends is kept from the server. */
  holds: boolean;
  /** What the server sends is kept from the client. */
  swallows: boolean;
}

/**
 * Stands between otc-etl and the server, sees each statement, and lets connections fail. A server that is not there is an
 * expected state: the client's connection is closed, as if nothing listened.
 */
export class FaultProxy {
  /** Decides about each statement before it is sent on. */
  onStatement: (statement: PassingStatement) => Verdict = () => "pass";
  readonly port: number;
  readonly #links: Set<Link>;
  readonly #close: () => Promise<void>;

  private constructor(port: number, links: Set<Link>, close: () => Promise<void>) {
    this.port = port;
    this.#links = links;
    this.#close = close;
  }

  static async start({ host, port }: { readonly host: string; readonly port: number }): Promise<FaultProxy> {
    const links = new Set<Link>();
    const server = createServer({ noDelay: true }, (client) => {
      const link: Link = {
        client,
        server: connect({ host, port, noDelay: true }),
        reader: new StatementReader(),
        holds: false,
        swallows: false,
      };
      links.add(link);
      joinSockets(link, links, (statement) => proxy.onStatement(statement));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const proxy: FaultProxy = new FaultProxy((server.address() as AddressInfo).port, links, async () => {
      server.close();
      for (const link of links) destroy(link);
      await once(server, "close");
    });
    return proxy;
  }

  /** How many connections there are. */
  get connections(): number {
    return this.#links.size;
  }

  /** Cuts all connections, with a reset on both sides. */
  cut(): void {
    for (const { client, server } of this.#links) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  }

  /** Nothing passes any more on the connections of now, and nobody is told. */
  stall(): void {
    for (const link of this.#links) {
      link.holds = true;
      link.swallows = true;
    }
  }

  close(): Promise<void> {
    return this.#close();
  }
}

function joinSockets(link: Link, links: Set<Link>, judge: (statement: PassingStatement) => Verdict): void {
  const { client, server, reader } = link;
  // An error is followed by `close`, which tells the other side.
  client.on("error", () => undefined).on("close", () => server.destroy());
  server
    .on("error", () => undefined)
    .on("close", () => {
      links.delete(link);
      client.destroy();
    });
  client.on("data", (chunk: Buffer) => {
    if (link.holds) return;
    for (const { text, offset } of reader.read(chunk)) {
      const step = /^commit\b/.test(text) && reader.step !== OUTSIDE ? "commit" : reader.step;
      if (endsTransaction(text)) reader.step = OUTSIDE;
      const verdict = judge({ text, step, serverSidePort: server.localPort ?? 0 });
      if (verdict === "swallow answer") link.swallows = true;
      if (verdict === "hold") {
        link.holds = true;
        forward(chunk.subarray(0, offset), client, server);
        return;
      }
    }
    forward(chunk, client, server);
  });
  server.on("data", (chunk: Buffer) => {
    if (!link.swallows) forward(chunk, server, client);
  });
}

function forward(chunk: Buffer, from: Socket, to: Socket): void {
  if (chunk.length === 0 || to.destroyed || to.write(chunk)) return;
  from.pause();
  to.once("drain", () => from.resume());
  to.once("close", () => from.resume());
}

function destroy({ client, server }: Link): void {
  client.destroy();
  server.destroy();
}

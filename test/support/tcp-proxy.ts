import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A connection of a client, and its other half to the server. */
interface Link {
  readonly client: Socket;
  readonly server: Socket;
}

/** Stands between a client and a server on loopback and lets their connections fail. */
export interface TcpProxy {
  readonly port: number;
  /** Nothing passes any more in either direction, and nobody is told: neither those connected now, nor those to come. */
  freeze(): void;
  /** Like `freeze`, but connections to come are served. */
  freezeConnected(): void;
  /** Connections to come are served again; those frozen stay so. */
  thaw(): void;
  /**
   * The next time a client sends this, what the server answers does not arrive: the client's connection is cut off, or
   * says nothing any more.
   */
  swallowAnswerTo(message: Buffer, then: "cut" | "freeze"): void;
  /** The next time a client sends this, it does not reach the server, and nothing passes any more on that connection. */
  freezeBefore(message: Buffer): void;
  /** Whether a client has sent what is waited for, if anything is. */
  readonly trapped: boolean;
  /** The servers learn that their frozen clients are gone, as by keep-alive. */
  tellServers(): void;
  /** The clients learn that the servers behind their frozen connections are gone. */
  tellClients(): void;
  close(): Promise<void>;
}

/** A statement without parameters as the protocol carries it. */
export function queryMessage(sql: string): Buffer {
  const text = Buffer.from(`${sql}\0`, "utf8");
  const header = Buffer.alloc(5);
  header.write("Q");
  header.writeInt32BE(text.length + 4, 1);
  return Buffer.concat([header, text]);
}

export async function startTcpProxy({
  host,
  port,
}: {
  readonly host: string;
  readonly port: number;
}): Promise<TcpProxy> {
  const links = new Set<Link>();
  const frozen = new Set<Link>();
  let frozenAll = false;
  let trap: { readonly message: Buffer; readonly then: "cut" | "freeze" | "lose" } | undefined;

  const freezeLink = (link: Link): void => {
    frozen.add(link);
    // The clients' and the server's kernels go on acknowledging until their buffers are full.
    link.client.pause();
    link.server.pause();
  };

  const server = createServer({ noDelay: true }, (client) => {
    const link = { client, server: connect({ host, port, noDelay: true }) };
    let answer: "pass" | "cut" | "freeze" = "pass";
    links.add(link);
    if (frozenAll) freezeLink(link);
    client
      .on("error", () => undefined)
      .on("close", () => {
        if (!frozen.has(link)) link.server.destroy();
      });
    link.server
      .on("error", () => undefined)
      .on("close", () => {
        links.delete(link);
        if (!frozen.has(link)) client.destroy();
      });
    client.on("data", (chunk) => {
      if (frozen.has(link)) return;
      if (trap !== undefined && chunk.includes(trap.message)) {
        const { then } = trap;
        trap = undefined;
        if (then === "lose") {
          freezeLink(link);
          return;
        }
        answer = then;
      }
      forward(chunk, client, link.server);
    });
    link.server.on("data", (chunk) => {
      if (frozen.has(link)) return;
      if (answer === "pass") forward(chunk, link.server, client);
      else if (answer === "freeze") freezeLink(link);
      else client.resetAndDestroy();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  return {
    port: (server.address() as AddressInfo).port,
    freeze() {
      frozenAll = true;
      for (const link of links) freezeLink(link);
    },
    freezeConnected() {
      for (const link of links) freezeLink(link);
    },
    thaw() {
      frozenAll = false;
    },
    swallowAnswerTo(message, then) {
      trap = { message, then };
    },
    freezeBefore(message) {
      trap = { message, then: "lose" };
    },
    get trapped() {
      return trap === undefined;
    },
    tellServers() {
      for (const link of frozen) link.server.destroy();
    },
    tellClients() {
      for (const link of frozen) link.client.destroy();
    },
    async close() {
      server.close();
      for (const { client, server: other } of links) {
        client.destroy();
        other.destroy();
      }
      // A client of a frozen link whose server is gone is in no list any more.
      for (const { client } of frozen) client.destroy();
      await once(server, "close");
    },
  };
}

function forward(chunk: Buffer, from: Socket, to: Socket): void {
  if (to.write(chunk)) return;
  from.pause();
  to.once("drain", () => from.resume());
}

import { once } from "node:events";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";

/** A file. */
interface ServedDocument {
  readonly path: string;
  /** ASCII that is sent before its bytes. */
  readonly before?: string;
}

export interface DocumentServer {
  readonly url: string;
  close(): Promise<void>;
}

const READ_BYTES = 1024 * 1024;

/** Serves files as OTC would, uncompressed and as fast as they are taken: the network is not what is measured. */
export async function serveDocuments(
  documents: Readonly<Record<string, ServedDocument>>,
): Promise<DocumentServer> {
  const server = createServer((request, response) => {
    const id = new URL(request.url ?? "", "http://localhost").searchParams.get("id") ?? "";
    const document = documents[id];
    if (document === undefined) {
      response.writeHead(404).end();
      return;
    }
    const answer = async (): Promise<void> => {
      const { path, before = "" } = document;
      const length = before.length + (await stat(path)).size;
      response.writeHead(200, { "content-type": "application/json", "content-length": length });
      response.write(before);
      await pipeline(createReadStream(path, { highWaterMark: READ_BYTES }), response);
    };
    // The loader hangs up when it fails, and says itself why.
    answer().catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/views`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

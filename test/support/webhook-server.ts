import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Environment } from "../../src/config/read-settings.ts";
import { listenUntilTestEnds } from "./listen.ts";

/** How the receiver behaves: a status, after some time, or nothing at all. */
export type WebhookAnswer = { readonly status: number; readonly afterMs?: number } | "silence";

/** A chat that is told of alerts, on loopback. */
export interface WebhookServer {
  readonly env: Environment;
  /** The texts of all messages that were taken. */
  readonly texts: readonly string[];
  /** How often it was asked, whatever came of it. */
  readonly requests: () => number;
  /** From now on. */
  answer: WebhookAnswer;
}

/** What may stand in no output. */
export const WEBHOOK_SECRET = "canary-webhook-77aa";

/** Receives messages as Slack does, until the test ends. */
export async function startWebhookServer(): Promise<WebhookServer> {
  const texts: string[] = [];
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    const { answer } = receiver;
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (answer === "silence") return;
      void sleep(answer.afterMs ?? 0).then(() => {
        const { text } = JSON.parse(Buffer.concat(chunks).toString("utf8")) as { text: string };
        if (answer.status === 200) texts.push(text);
        response.writeHead(answer.status, { location: "/elsewhere" }).end("as the test wants it");
      });
    });
  });
  const port = await listenUntilTestEnds(server);
  const receiver: WebhookServer = {
    env: { OTC_ALERT_WEBHOOK: `http://127.0.0.1:${port}/hooks/${WEBHOOK_SECRET}` },
    texts,
    requests: () => requests,
    answer: { status: 200 },
  };
  return receiver;
}

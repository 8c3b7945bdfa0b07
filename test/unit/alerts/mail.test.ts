import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { SMTPServer } from "smtp-server";
import { expect, onTestFinished, test } from "vitest";
import { mailChannel } from "../../../src/alerts/mail.ts";
import { alertSettings } from "../../../src/config/alert-settings.ts";
import { readSettings } from "../../../src/config/read-settings.ts";
import { OtcError } from "../../../src/errors/otc-error.ts";

const PASSWORD = "canary-smtp-33dd";
const ALERT = {
  title: "🔴 otc-etl: tickets (failed)",
  lines: ["tickets: the last run (17) failed: ä", "→ Check."],
};
const SIGNAL = new AbortController().signal;

interface Received {
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
}

/** A mail server on loopback that knows one user, and what it has received. */
async function startMailServer(): Promise<{ port: number; received: Received[] }> {
  const received: Received[] = [];
  const server = new SMTPServer({
    disabledCommands: ["STARTTLS"],
    allowInsecureAuth: true,
    onAuth({ username, password }, _session, done) {
      if (username === "etl" && password === PASSWORD) done(null, { user: "etl" });
      else done(new Error("wrong password"));
    },
    onRcptTo({ address }, _session, done) {
      done(address.startsWith("unknown") ? new Error("no such user") : null);
    },
    onData(stream, { envelope }, done) {
      void text(stream).then((content) => {
        const from = envelope.mailFrom === false ? "" : envelope.mailFrom.address;
        received.push({ from, to: envelope.rcptTo.map(({ address }) => address), text: content });
        done();
      });
    },
  });
  server.on("error", () => undefined);
  const listening = server.listen(0, "127.0.0.1");
  await once(listening, "listening");
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(resolve);
      }),
  );
  return { port: (listening.address() as AddressInfo).port, received };
}

function mailOf(port: number, password = PASSWORD, to = "team@example.com, boss@example.com") {
  const env = {
    OTC_SMTP_URL: `smtp://etl:${password}@127.0.0.1:${port}`,
    OTC_ALERT_MAIL_FROM: "otc-etl@example.com",
    OTC_ALERT_MAIL_TO: to,
  };
  const { mail } = alertSettings(readSettings(env), env);
  if (mail === undefined) throw new Error("no mail is configured");
  return mail;
}

async function failureOf(delivery: Promise<void>): Promise<OtcError> {
  const failure: unknown = await delivery.catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(OtcError);
  expect((failure as OtcError).message).not.toContain(PASSWORD);
  return failure as OtcError;
}

test("an alert arrives as a mail with the title as its subject", async () => {
  const server = await startMailServer();
  const channel = mailChannel(mailOf(server.port));
  expect(channel.target).toBe(`team@example.com, boss@example.com by smtp://127.0.0.1:${server.port}`);
  await channel.deliver(ALERT, SIGNAL);
  expect(server.received).toMatchObject([
    { from: "otc-etl@example.com", to: ["team@example.com", "boss@example.com"] },
  ]);
  expect(server.received[0]?.text).toMatch(/^Subject: =\?UTF-8\?.*\?=/m);
  expect(server.received[0]?.text).toContain("tickets: the last run (17) failed:");
});

test("a mail that the server refuses is reported with the settings to check", async () => {
  const server = await startMailServer();
  const refused = await failureOf(mailChannel(mailOf(server.port, "wrong")).deliver(ALERT, SIGNAL));
  expect(refused).toMatchObject({ code: "configuration", remedy: expect.stringContaining("OTC_SMTP_URL") });
  const halfRefused = mailOf(server.port, PASSWORD, "team@example.com,unknown@example.com");
  const { message } = await failureOf(mailChannel(halfRefused).deliver(ALERT, SIGNAL));
  expect(message).toContain("it refused the address unknown@example.com");
});

test("a server that says nothing delays a load by four seconds at most", async () => {
  const silent = createServer().listen(0, "127.0.0.1");
  await once(silent, "listening");
  onTestFinished(() => void silent.close());
  const { port } = silent.address() as AddressInfo;
  const began = performance.now();
  const { message } = await failureOf(mailChannel(mailOf(port)).deliver(ALERT, SIGNAL));
  expect(message).toMatch(/within 4 s|[Gg]reeting/);
  expect(performance.now() - began).toBeLessThan(6000);
});

test("a mail server without addresses is a mistake in the configuration", () => {
  const env = { OTC_SMTP_URL: "smtp://localhost", OTC_ALERT_MAIL_TO: "team@example.com" };
  expect(() => alertSettings(readSettings(env), env)).toThrow(
    "OTC_SMTP_URL is set, but not OTC_ALERT_MAIL_FROM.",
  );
});

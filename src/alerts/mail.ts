import type { Mail } from "../config/alert-settings.ts";
import { errorMessage } from "../errors/error-message.ts";
import { OtcError } from "../errors/otc-error.ts";
import { type AlertChannel, DELIVERY_LIMIT_MS } from "./alert-channel.ts";

/** Sends alerts as plain text by e-mail. */
export function mailChannel(mail: Mail): AlertChannel {
  const { server, from, to } = mail;
  const target = `${to} by ${server.protocol}//${server.host}`;
  return {
    target,
    deliver: async ({ title, lines }, ended) => {
      // Imported only here, because few loads send a mail.
      const { createTransport } = await import("nodemailer");
      const transport = createTransport({
        url: server.href,
        connectionTimeout: DELIVERY_LIMIT_MS,
        greetingTimeout: DELIVERY_LIMIT_MS,
        socketTimeout: DELIVERY_LIMIT_MS,
      });
      const late = AbortSignal.timeout(DELIVERY_LIMIT_MS);
      const signal = AbortSignal.any([late, ended]);
      const cancelled = new Promise<never>((_, reject) => {
        signal.addEventListener("abort", () => {
          reject(new Error("the delivery was cancelled"));
        });
      });
      try {
        signal.throwIfAborted();
        const sent = transport.sendMail({ from, to, subject: title, text: `${lines.join("\n")}\n` });
        const { rejected } = await Promise.race([sent, cancelled]);
        if (rejected.length > 0) throw new Error(`it refused the address ${String(rejected[0])}`);
      } catch (error) {
        const reason = late.aborted
          ? `it did not accept the alert within ${DELIVERY_LIMIT_MS / 1000} s`
          : errorMessage(error);
        throw new OtcError("configuration", `No alert could be delivered to ${target}: ${reason}.`, {
          remedy: "Check OTC_SMTP_URL, OTC_ALERT_MAIL_FROM and OTC_ALERT_MAIL_TO.",
          cause: error,
        });
      } finally {
        transport.close();
      }
    },
  };
}

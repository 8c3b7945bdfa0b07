import type { ApiCredentials } from "../config/api-settings.ts";
import { errorMessage } from "../errors/error-message.ts";
import { SourceError } from "../errors/source-error.ts";
import { errors } from "../network/undici.ts";

/** What the error for a failed request names: settings by name, never by value, and no credential. */
export interface RequestContext {
  readonly url: string;
  readonly viewId: string;
  /** The setting that holds the view's id, for example `OTC_VIEW_TICKETS`. */
  readonly viewSetting: string;
  readonly authentication: ApiCredentials["kind"];
  readonly timeoutMs: number;
}

/** Statuses below 500 that a retry may overcome: timeout, too early, too many requests. */
const RETRYABLE_STATUSES = new Set([408, 425, 429]);

/** The remedy for each status that names a setting. */
const STATUS_REMEDIES: Readonly<Record<number, (request: RequestContext) => string>> = {
  401: ({ authentication }) =>
    authentication === "basic"
      ? "Check OTC_API_USERNAME and OTC_API_PASSWORD: OTC does not accept this user with this password."
      : "Check OTC_API_TOKEN: OTC does not accept this token.",
  403: (request) =>
    `The user of ${request.authentication === "basic" ? "OTC_API_USERNAME" : "OTC_API_TOKEN"} may not read view ${request.viewId} (${request.viewSetting}). Ask the OTC team to allow it.`,
  404: (request) => `Check OTC_API_URL and ${request.viewSetting}: there is no view ${request.viewId}.`,
};

/** The remedy for a status that a retry may overcome. */
const RETRY_REMEDY = "Load again later. If OTC keeps answering so, ask the OTC team.";

/** How undici reports that a proxy opens no tunnel, or demands its own credentials. */
const PROXY_REFUSAL = /Proxy response \((\d+)\)|Proxy Authentication Required \((407)\)/;

/** The error for an answer whose status is not 200. */
export function statusFailure(
  status: number,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  request: RequestContext,
): SourceError {
  const retryable = status >= 500 || RETRYABLE_STATUSES.has(status);
  const remedy = STATUS_REMEDIES[status]?.(request) ?? (retryable ? RETRY_REMEDY : undefined);
  const retryAfterMs = retryAfter(headers["retry-after"], Date.now());
  return new SourceError(
    retryable ? "source" : "source_rejected",
    `OTC answered ${request.url} with status ${status}.`,
    {
      retryable,
      ...(remedy === undefined ? {} : { remedy }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    },
  );
}

/** The error for a request that could not be sent, or a response that broke off. */
export function networkFailure(error: unknown, request: RequestContext): SourceError {
  if (error instanceof SourceError) return error;
  if (error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError) {
    return new SourceError("source", `OTC sent nothing for ${request.timeoutMs / 1000} s (${request.url}).`, {
      retryable: true,
      remedy: "If OTC is known to take longer than that, raise OTC_TIMEOUT_MS.",
      cause: error,
    });
  }
  const code = codeOf(error);
  if (isCertificateProblem(code)) {
    return new SourceError(
      "source_rejected",
      `The TLS certificate of ${request.url} is not trusted: ${code}.`,
      {
        remedy: "Set OTC_API_CA_FILE to the file with the authority's certificate.",
        cause: error,
      },
    );
  }
  const message = errorMessage(error);
  const [, tunnelStatus, requestStatus] = PROXY_REFUSAL.exec(message) ?? [];
  const proxyStatus = tunnelStatus ?? requestStatus;
  if (proxyStatus !== undefined) {
    return new SourceError(
      proxyStatus === "407" ? "source_rejected" : "source",
      `The proxy refused to connect to ${request.url}, with status ${proxyStatus}.`,
      {
        retryable: proxyStatus !== "407",
        remedy:
          proxyStatus === "407"
            ? "HTTPS_PROXY or HTTP_PROXY needs the proxy's user and password: http://user:password@host:port."
            : "Check HTTPS_PROXY and HTTP_PROXY, or add the host of OTC to NO_PROXY.",
        cause: error,
      },
    );
  }
  return new SourceError("source", `The connection to ${request.url} failed: ${message}.`, {
    retryable: true,
    remedy: "Check OTC_API_URL and the network between this machine and OTC.",
    cause: error,
  });
}

/**
 * `Retry-After` in milliseconds: seconds or an HTTP date (RFC 9110, section 10.2.3).
 *
 * @param now milliseconds since the epoch
 */
export function retryAfter(header: string | string[] | undefined, now: number): number | undefined {
  const value = Array.isArray(header) ? header[0] : header;
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value.trim())) return Number(value) * 1000;
  // Date.parse also reads "-5" as a date, long past, which would mean no wait at all. An HTTP date begins with a weekday.
  const date = /^\s*[a-z]{3}/i.test(value) ? Date.parse(value) : NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

function isCertificateProblem(code: string): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code);
}

import { errors } from "undici";
import { errorMessage } from "../errors/error-message.ts";
import { SourceError } from "../errors/source-error.ts";

/** What a failed answer is blamed on; the names of settings, never their values, and no credential. */
export interface RequestContext {
  readonly url: string;
  readonly viewId: string;
  /** The setting that holds the view's id, for example `OTC_VIEW_TICKETS`. */
  readonly viewSetting: string;
  readonly timeoutMs: number;
}

/** Statuses below 500 that another attempt may get past: timeout, too early, too many requests. */
const RETRYABLE_STATUSES = new Set([408, 425, 429]);

/** The remedy for each status that names a setting. */
const STATUS_REMEDIES: Readonly<Record<number, (request: RequestContext) => string>> = {
  401: () =>
    "Check OTC_API_USERNAME and OTC_API_PASSWORD: OTC does not know this user, or not with this password.",
  403: (request) =>
    `The user of OTC_API_USERNAME may not read view ${request.viewId} (${request.viewSetting}); the OTC team grants that.`,
  404: (request) => `Check OTC_API_URL and ${request.viewSetting}: there is no view ${request.viewId}.`,
};

/** The error for an answer whose status is not 200. */
export function statusFailure(
  status: number,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  request: RequestContext,
): SourceError {
  const retryable = status >= 500 || RETRYABLE_STATUSES.has(status);
  const remedy = STATUS_REMEDIES[status]?.(request);
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

/** The error for a request or an answer that broke off. */
export function networkFailure(error: unknown, request: RequestContext): SourceError {
  if (error instanceof SourceError) return error;
  if (error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError) {
    return new SourceError("source", `OTC sent nothing for ${request.timeoutMs / 1000} s (${request.url}).`, {
      retryable: true,
      remedy: "Raise OTC_TIMEOUT_MS if OTC is known to be slower than that.",
      cause: error,
    });
  }
  const code = codeOf(error);
  if (isCertificateProblem(code)) {
    return new SourceError(
      "source_rejected",
      `The TLS certificate of ${request.url} is not trusted: ${code}.`,
      {
        remedy: "Point NODE_EXTRA_CA_CERTS at the authority's certificate, and restart.",
        cause: error,
      },
    );
  }
  return new SourceError("source", `The connection to ${request.url} failed: ${errorMessage(error)}.`, {
    retryable: true,
    remedy: "Check OTC_API_URL and the network between here and OTC.",
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
  // Date.parse makes a date of "-5" too, and one long past: no wait at all. An HTTP date begins with a weekday.
  const date = /^\s*[a-z]{3}/i.test(value) ? Date.parse(value) : NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

function isCertificateProblem(code: string): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code);
}

import { type ErrorCode, OtcError } from "./otc-error.ts";

interface SourceErrorOptions {
  readonly remedy?: string;
  readonly cause?: unknown;
  /** Whether the same request may succeed later. */
  readonly retryable?: boolean;
  /** How long the server asked to wait before the next request, in milliseconds. */
  readonly retryAfterMs?: number;
}

/** A fetch that failed, or a response that is not a complete document. */
export class SourceError extends OtcError {
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(
    code: Extract<ErrorCode, "source" | "source_rejected" | "document">,
    message: string,
    options: SourceErrorOptions = {},
  ) {
    super(code, message, options);
    this.retryable = options.retryable ?? false;
    this.retryAfterMs = options.retryAfterMs;
  }
}

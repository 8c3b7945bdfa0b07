/**
 * The kinds of failures. The code is stored with a failed run (`etl_metadata.error_code`) and determines the exit code,
 * so that a script or an alert never has to match a message.
 */
export type ErrorCode =
  | "usage"
  | "configuration"
  | "source"
  | "source_rejected"
  | "document"
  | "guard"
  | "locked"
  | "rate_limited"
  | "circuit_open"
  | "database"
  | "migration"
  | "interrupted"
  | "timeout"
  | "internal";

/** 1 failed and rolled back, 2 wrong usage or configuration, 75 try again later, 130 interrupted. */
const EXIT_CODES: Record<ErrorCode, number> = {
  usage: 2,
  configuration: 2,
  source: 1,
  source_rejected: 1,
  document: 1,
  guard: 1,
  locked: 75,
  rate_limited: 75,
  circuit_open: 75,
  database: 1,
  migration: 2,
  interrupted: 130,
  timeout: 1,
  internal: 1,
};

interface OtcErrorOptions {
  /** What the operator should do next; printed under the message. */
  readonly remedy?: string;
  readonly cause?: unknown;
}

/** Every failure that otc-etl itself reports. Anything else that is thrown is a defect, or a driver's error not yet wrapped. */
export class OtcError extends Error {
  override readonly name = "OtcError";
  readonly code: ErrorCode;
  readonly remedy: string | undefined;

  constructor(code: ErrorCode, message: string, options: OtcErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.remedy = options.remedy;
  }
}

/** The process exit code that an error stands for. */
export function exitCodeOf(error: unknown): number {
  return error instanceof OtcError ? EXIT_CODES[error.code] : 1;
}

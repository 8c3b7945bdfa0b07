import { errorMessage } from "./error-message.ts";
import { type ErrorCode, OtcError } from "./otc-error.ts";

/** A failure as every command writes it with `--json`. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  /** What to do next; null when nothing is known. */
  readonly remedy: string | null;
}

/** Describes any thrown value. What otc-etl itself does not report is a defect, with the code `internal`. */
export function describeFailure(error: unknown): Failure {
  const known = error instanceof OtcError;
  return {
    code: known ? error.code : "internal",
    message: errorMessage(error),
    remedy: known ? (error.remedy ?? null) : null,
  };
}

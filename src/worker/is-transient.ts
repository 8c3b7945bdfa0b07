import { DatabaseError } from "../database/database-error.ts";
import { type ErrorCode, OtcError } from "../errors/otc-error.ts";

/** Whether a failure may pass without a restart of the worker with other settings. */
const IS_TRANSIENT: Readonly<Record<ErrorCode, boolean>> = {
  usage: false,
  configuration: false,
  source: true,
  source_rejected: false,
  document: true,
  guard: false,
  locked: true,
  rate_limited: true,
  circuit_open: true,
  // During an upgrade, the migration may follow soon.
  migration: true,
  // `DatabaseError.isTransient` decides.
  database: false,
  interrupted: true,
  timeout: true,
  internal: false,
};

/** Whether a retry of a load may succeed. */
export function isTransient(error: unknown): boolean {
  if (error instanceof DatabaseError) return error.isTransient;
  return error instanceof OtcError && IS_TRANSIENT[error.code];
}

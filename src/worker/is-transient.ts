import { DatabaseError } from "../database/database-error.ts";
import { type ErrorCode, OtcError } from "../errors/otc-error.ts";

/** Whether a failure may be over in a while, although nobody restarts the worker with other settings. */
const MAY_PASS: Readonly<Record<ErrorCode, boolean>> = {
  usage: false,
  configuration: false,
  source: true,
  source_rejected: false,
  document: true,
  guard: false,
  locked: true,
  rate_limited: true,
  circuit_open: true,
  // Somebody is about to migrate, if an upgrade is under way.
  migration: true,
  // A DatabaseError knows more.
  database: false,
  interrupted: true,
  timeout: true,
  internal: false,
};

/** Whether another attempt at a load is worth it. */
export function isTransient(error: unknown): boolean {
  if (error instanceof DatabaseError) return error.isTransient;
  return error instanceof OtcError && MAY_PASS[error.code];
}

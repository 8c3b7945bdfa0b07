import { createHash } from "node:crypto";

/** A name that PostgreSQL accepts without quotes, and that pg-boss accepts with its suffix (at most 50 bytes). */
const PLAIN_NAME = /^[a-z_][a-z0-9_]{0,44}$/;

/**
 * The schema of an installation's jobs. It depends on the schema of the tables, so that two installations in one database
 * do not share their jobs. A name that pg-boss would not accept is replaced by a hash.
 *
 * @returns `servicedesk_jobs` for `servicedesk`, `otc_jobs_1f0c…` for `Service "Desk"`
 */
export function jobSchema(schema: string): string {
  if (PLAIN_NAME.test(schema)) return `${schema}_jobs`;
  return `otc_jobs_${createHash("sha256").update(schema).digest("hex").slice(0, 16)}`;
}

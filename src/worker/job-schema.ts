import { createHash } from "node:crypto";

/** A name that PostgreSQL takes without quotes, short enough for pg-boss (50 bytes) once it has its ending. */
const PLAIN_NAME = /^[a-z_][a-z0-9_]{0,44}$/;

/**
 * The schema that the jobs of an installation are in. It follows from the schema of its tables, so that two installations
 * in one database do not share their jobs; pg-boss would not take every name, so an awkward one is replaced.
 *
 * @returns `servicedesk_jobs` for `servicedesk`, `otc_jobs_1f0c…` for `Service "Desk"`
 */
export function jobSchema(schema: string): string {
  if (PLAIN_NAME.test(schema)) return `${schema}_jobs`;
  return `otc_jobs_${createHash("sha256").update(schema).digest("hex").slice(0, 16)}`;
}

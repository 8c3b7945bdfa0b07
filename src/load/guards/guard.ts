/** The guards of a load: what trips one fails the load, and is told by a plan. */
export type Guard = "error_limit" | "shrink" | "late";

/** How long the database may take, in milliseconds. 0 means no limit. */
export interface TimeLimits {
  /** For connecting. */
  readonly connectMs: number;
  /** For waiting for a lock that another session holds. */
  readonly lockMs: number;
  /** For one statement. A COPY takes as long as the fetch. */
  readonly statementMs: number;
  /** Between two statements of a transaction. OTC may take minutes to answer. */
  readonly idleMs: number;
}

/** The limits as settings of a transaction: name and value. */
export function timeLimitSettings(limits: TimeLimits): [name: string, value: string][] {
  return [
    ["lock_timeout", `${limits.lockMs}ms`],
    ["statement_timeout", `${limits.statementMs}ms`],
    ["idle_in_transaction_session_timeout", `${limits.idleMs}ms`],
  ];
}

/**
 * The expressions of a SELECT that makes settings for the transaction. `set_config` works like SET LOCAL, but accepts
 * parameters: the settings, flattened.
 */
export function setConfigCalls(settings: readonly [name: string, value: string][]): string {
  return settings.map((_, index) => `set_config($${index * 2 + 1}, $${index * 2 + 2}, true)`).join(", ");
}

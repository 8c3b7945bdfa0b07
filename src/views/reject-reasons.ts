/** Why a record is rejected: the reason codes of the quarantine. */
export const REJECT_REASONS = [
  "invalid_boolean",
  "invalid_integer",
  "invalid_numeric",
  "invalid_timestamp",
  "invalid_utf8",
  "missing_key",
  "no_distribution_value",
  "not_an_object",
  "refused_by_database",
  "too_complex",
  "too_deep",
] as const;

export type RejectReason = (typeof REJECT_REASONS)[number];

/** The message of any thrown value, never empty for an Error. */
export function errorMessage(error: unknown): string {
  // A failed connection to a name with several addresses is an AggregateError whose own message is empty.
  if (error instanceof AggregateError && error.errors.length > 0) return errorMessage(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return error.message || code || error.name;
}

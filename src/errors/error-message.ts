import { getSystemErrorMap } from "node:util";

/** The message of any thrown value, in words and never empty for an Error. */
export function errorMessage(error: unknown): string {
  // A failed connection to a name with several addresses is an AggregateError whose own message is empty.
  if (error instanceof AggregateError && error.errors.length > 0) return errorMessage(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  return fileProblem(error) ?? tlsProblem(error) ?? (error.message || codeOf(error) || error.name);
}

function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : "";
}

/** `ENOENT: no such file or directory, open 'x'` as `no such file or directory (x)`. */
function fileProblem(error: NodeJS.ErrnoException): string | undefined {
  const { errno, path } = error;
  if (errno === undefined || !error.message.startsWith(`${codeOf(error)}: `)) return undefined;
  const [, description] = getSystemErrorMap().get(errno) ?? [];
  if (description === undefined) return undefined;
  return path === undefined ? description : `${description} (${path})`;
}

/** An error of OpenSSL by its reason, without the numbers, functions and lines of its sources. */
function tlsProblem(error: Error): string | undefined {
  const [, reason] = /\berror:[0-9A-F]{8}:[^:]*:[^:]*:([^:\n]+)/.exec(error.message) ?? [];
  return reason === undefined ? undefined : `TLS: ${reason.trim()}`;
}

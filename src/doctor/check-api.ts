import { concealInError } from "../source/conceal-secrets.ts";
import type { DocumentSource } from "../source/document-source.ts";
import { openGate } from "../source/request-gate.ts";
import { type CheckResult, ok } from "./check.ts";
import { failure } from "./check-configuration.ts";
import { formatNumberOf } from "../format/format.ts";

/**
 * Checks whether OTC answers and accepts our credentials, by one request that is cancelled after the first bytes. OTC
 * counts it among the requests of the hour.
 */
export async function checkApi(source: DocumentSource, signal: AbortSignal): Promise<CheckResult> {
  try {
    for await (const chunk of await source.open(signal, openGate)) {
      return ok(
        "API",
        `${source.origin} answers (${formatNumberOf(chunk.length, "byte")} read, then cancelled)`,
      );
    }
    return ok("API", `${source.origin} answers with an empty body`);
  } catch (error) {
    return failure("API", source.conceal === undefined ? error : concealInError(error, source.conceal));
  }
}

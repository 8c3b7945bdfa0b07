import { errorMessage } from "../errors/error-message.ts";
import { SourceError } from "../errors/source-error.ts";

/** A shorter secret is not concealed: it would be found in any text. */
const MIN_SECRET_CHARACTERS = 4;

/** A part of a secret this long is concealed as well where a quotation was cut. */
const MIN_PART_CHARACTERS = 8;

const MASK = "…";

/** Replaces secrets in a text. */
export type Conceal = (text: string) => string;

/** @param secrets in plain text; they are found as they are, in JSON, in a URL, and in Base64 */
export function concealerOf(secrets: readonly string[]): Conceal {
  const spellings = secrets
    .filter((secret) => secret.length >= MIN_SECRET_CHARACTERS)
    .flatMap((secret) => [
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret),
      new URLSearchParams({ secret }).toString().slice("secret=".length),
      Buffer.from(secret, "utf8").toString("base64"),
    ]);
  return (text) => [...new Set(spellings)].reduce(concealOne, text);
}

/** The error with its secrets concealed. Only errors about a document or a request can quote what a server has sent. */
export function concealInError(error: unknown, conceal: Conceal): unknown {
  if (!(error instanceof SourceError)) return error;
  const { code, message, remedy, retryable, retryAfterMs, cause } = error;
  return new SourceError(code as ConstructorParameters<typeof SourceError>[0], conceal(message), {
    retryable,
    ...(remedy === undefined ? {} : { remedy: conceal(remedy) }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(cause === undefined ? {} : { cause: new Error(conceal(errorMessage(cause))) }),
  });
}

function concealOne(text: string, secret: string): string {
  let concealed = "";
  let index = 0;
  while (index < text.length) {
    let length = 0;
    while (index + length < text.length && secret.includes(text.slice(index, index + length + 1)))
      length += 1;
    const isSecret =
      length === secret.length ||
      (length >= MIN_PART_CHARACTERS && isCut(text.slice(0, index), text.slice(index + length)));
    concealed += isSecret ? MASK : text.charAt(index);
    index += isSecret ? length : 1;
  }
  return concealed;
}

/** Whether what stands between two texts is at an end of a quotation that was cut. Elsewhere, it is a word like any other. */
function isCut(before: string, after: string): boolean {
  return /(\.\.\.|…)"?$/.test(before) || /^("|\.\.\.|…)/.test(after);
}

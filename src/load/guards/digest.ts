import { OtcError } from "../../errors/otc-error.ts";

/**
 * @param expected SHA-256 in hex of what the document should be, where that is known
 * @throws OtcError `guard` when it is another document
 */
export function checkDigest(sha256: string, expected: string | undefined, origin: string): void {
  if (expected === undefined || sha256 === expected) return;
  throw new OtcError(
    "guard",
    `${origin} is not the document that was archived: its SHA-256 is ${sha256}, and was ${expected}.`,
    {
      remedy:
        "It was changed or damaged since; nothing of it was loaded. " +
        "To load it all the same: `otc-etl load VIEW --from FILE`.",
    },
  );
}

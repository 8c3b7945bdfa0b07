import { createHash, timingSafeEqual } from "node:crypto";

/** Compares in constant time, so that neither a matching prefix nor the token's length can be measured. */
export function isToken(given: string, token: string): boolean {
  return timingSafeEqual(sha256(given), sha256(token));
}

/** The token of `Authorization: Bearer …`. */
export function bearerToken(header: string | undefined): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(header ?? "")?.[1];
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text, "utf8").digest();
}

import { createHash, timingSafeEqual } from "node:crypto";

/** Compares without telling by the time it takes how much was right, or how long the token is. */
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

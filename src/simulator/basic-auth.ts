import { createHash, timingSafeEqual } from "node:crypto";

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Whether an `Authorization` header carries exactly these Basic credentials; compares in constant time. */
export function isAuthorized(header: string | undefined, credentials: Credentials): boolean {
  const encoded = /^basic +([^ ]*) *$/i.exec(header ?? "")?.[1] ?? "";
  const expected = Buffer.from(`${credentials.username}:${credentials.password}`);
  // Digests have one length, which timingSafeEqual needs, and which hides the length of the secret.
  return timingSafeEqual(digest(Buffer.from(encoded, "base64")), digest(expected));
}

function digest(bytes: Buffer): Buffer {
  return createHash("sha256").update(bytes).digest();
}

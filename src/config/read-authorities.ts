import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { errorMessage } from "../errors/error-message.ts";
import { OtcError } from "../errors/otc-error.ts";

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * Reads the certificates of authorities, in PEM format.
 *
 * @param setting the setting that names the file, for messages
 * @throws OtcError `configuration` when the file cannot be read or holds no certificate
 */
export function readAuthorities(setting: string, file: string): string {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new OtcError("configuration", `${setting} cannot be read: ${errorMessage(error)}.`, {
      cause: error,
    });
  }
  const certificates = text.match(CERTIFICATE) ?? [];
  if (certificates.length === 0 || !certificates.every(isCertificate)) {
    throw new OtcError("configuration", `${setting} is ${JSON.stringify(file)}, which is no certificate.`, {
      remedy: "It must be a file with the certificate of the authority in PEM format.",
    });
  }
  return text;
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}

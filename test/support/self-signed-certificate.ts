import { execFileSync } from "node:child_process";
import { join } from "node:path";

/** Whether there is an openssl to make certificates with; stderr says what is not tested without one. */
export function hasOpenssl(subject: string): boolean {
  try {
    execFileSync("openssl", ["version"], { stdio: "pipe" });
    return true;
  } catch {
    process.stderr.write(`\n!!! ${subject} is NOT tested: there is no openssl\n\n`);
    return false;
  }
}

/** The paths of a key and of its certificate. */
interface Certificate {
  readonly key: string;
  readonly certificate: string;
}

/** Writes server.key and server.crt to a folder: a certificate that is its own authority and valid for localhost alone. */
export function makeCertificate(folder: string): Certificate {
  const [key, certificate] = [join(folder, "server.key"), join(folder, "server.crt")];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  const files = ["-keyout", key, "-out", certificate];
  execFileSync(
    "openssl",
    ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", ...subject, ...files],
    { stdio: "pipe" },
  );
  return { key, certificate };
}

import { readFileSync } from "node:fs";

/** Spread into the options of `spawn`. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/**
 * The account that PostgreSQL has to run as: undefined (our own) for an ordinary user, one without rights when we are
 * root, because PostgreSQL refuses root. It must be listed in /etc/passwd: initdb looks its name up.
 */
export function unprivilegedAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = new Map(
    readFileSync("/etc/passwd", "utf8")
      .split("\n")
      .map((line) => line.split(":"))
      .map(([name, , uid, gid]) => [name, { uid: Number(uid), gid: Number(gid) }]),
  );
  const account = accounts.get("nobody") ?? accounts.get("daemon");
  if (account === undefined) {
    throw new Error(
      "PostgreSQL refuses to run as root, and /etc/passwd lists neither nobody nor daemon to run it as",
    );
  }
  return account;
}

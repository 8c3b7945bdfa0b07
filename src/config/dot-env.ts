import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { errorMessage } from "../errors/error-message.ts";
import { OtcError } from "../errors/otc-error.ts";
import type { Environment } from "./read-settings.ts";

/** An environment, with what it takes from `.env`. */
interface WithDotEnv {
  readonly env: Environment;
  /** The names of the variables that come from `.env`. */
  readonly fromDotEnv: ReadonlySet<string>;
}

/**
 * An environment and, beneath it, the file `.env` of a directory, if there is one.
 *
 * @throws OtcError `configuration` when there is such a file but it cannot be read: the settings in it would be missing
 */
export function withDotEnv(env: Environment, directory: string): WithDotEnv {
  const file = readDotEnv(join(directory, ".env"));
  const fromDotEnv = new Set(Object.keys(file).filter((name) => env[name] === undefined));
  return { env: { ...file, ...env }, fromDotEnv };
}

function readDotEnv(path: string): Environment {
  try {
    // A byte-order mark, which editors on Windows write, would become part of the first variable's name.
    return parseEnv(readFileSync(path, "utf8").replace(/^\uFEFF/, ""));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return {};
    throw new OtcError("configuration", `The settings in ${path} cannot be read: ${errorMessage(error)}.`, {
      remedy: "Make the file readable for the user that runs otc-etl, or remove it.",
      cause: error,
    });
  }
}

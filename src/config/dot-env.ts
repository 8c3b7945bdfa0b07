import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import type { Environment } from "./read-settings.ts";

/** An environment and, beneath it, the file `.env` of a directory, if there is one. */
export function withDotEnv(env: Environment, directory: string): Environment {
  let file: string;
  try {
    file = readFileSync(join(directory, ".env"), "utf8");
  } catch {
    return env;
  }
  return { ...parseEnv(file), ...env };
}

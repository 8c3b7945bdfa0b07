import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import type { Environment } from "./read-settings.ts";

/** The environment of this process. */
export function processEnvironment(): Environment {
  return process.env;
}

/** The environment of this process, with defaults from the file `.env` of a directory, if there is one. */
export function environmentWithDotEnv(directory: string): Environment {
  let file: string;
  try {
    file = readFileSync(join(directory, ".env"), "utf8");
  } catch {
    return process.env;
  }
  return { ...parseEnv(file), ...process.env };
}

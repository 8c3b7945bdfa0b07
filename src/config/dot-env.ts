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
    return parse(readFileSync(path, "utf8"));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return {};
    throw new OtcError("configuration", `The settings in ${path} cannot be read: ${errorMessage(error)}.`, {
      remedy:
        error instanceof Mistake
          ? error.remedy
          : "Make the file readable for the user that runs otc-etl, or remove it.",
      cause: error,
    });
  }
}

/** Something in the file that would be read as another value than was meant, or as none. */
class Mistake extends Error {
  readonly remedy: string;

  constructor(message: string, remedy: string) {
    super(message);
    this.remedy = remedy;
  }
}

/** A line that is about a setting of otc-etl; what follows its name. */
const OTC_LINE = /^\s*(?:export\s+)?(?<name>OTC_[A-Z0-9_]+)\s*(?<rest>.*?)\s*$/;

/** @throws Mistake whose message has no value, which may be secret */
function parse(text: string): Environment {
  // PowerShell and editors on Windows write UTF-16, in which no name would be found.
  if (text.includes("\0")) throw new Mistake("it is not UTF-8", "Save the file as UTF-8.");
  // A byte-order mark would become part of the first variable's name.
  const file = parseEnv(text.replace(/^\uFEFF/, ""));
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const { name, rest } = OTC_LINE.exec(line)?.groups ?? {};
    if (name === undefined || rest === undefined) continue;
    const where = `line ${index + 1}, ${name}`;
    if (!rest.startsWith("=")) {
      throw new Mistake(`${where}, has no = after the name`, `Write ${name}=value, or remove the line.`);
    }
    const value = rest.slice(1).trimStart();
    const quote = /^["'`]/.exec(value)?.[0];
    if (quote === undefined ? /^[^#]*[^\s#]#/.test(value) : file[name]?.startsWith(quote) === true) {
      const what = quote === undefined ? "its value would end before the #" : "its quote is not closed";
      throw new Mistake(`${where}: ${what}`, `Put the whole value in quotes: ${name}='value'.`);
    }
  }
  return file;
}

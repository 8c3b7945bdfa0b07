import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { SoakOptions } from "../options.ts";

const FOLDER = fileURLToPath(new URL("../results", import.meta.url));

/**
 * Writes a result as JSON, and a drawing beside it.
 *
 * @param name of the mode, which becomes a part of the file's name
 * @returns the path of the JSON file
 */
export async function writeResult(
  name: "kills" | "rounds",
  { seed, scaleText, major, minutes, kills }: SoakOptions,
  result: Readonly<Record<string, unknown>>,
  drawing?: string,
): Promise<string> {
  await mkdir(FOLDER, { recursive: true });
  const at = new Date().toISOString();
  const path = join(FOLDER, `${at.slice(0, 19).replaceAll(":", "")}-${name}`);
  const options = { seed, scale: scaleText, postgres: major, minutes, kills };
  await writeFile(
    `${path}.json`,
    `${JSON.stringify({ at, node: process.version, options, result }, null, 2)}\n`,
  );
  if (drawing !== undefined) await writeFile(`${path}.svg`, drawing);
  return `${path}.json`;
}

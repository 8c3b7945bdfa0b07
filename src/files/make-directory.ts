import { mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/**
 * Creates a directory and those above it that are missing. `mkdir` with `recursive` does the same, but never ends where a
 * directory exists and refuses every name with ENOENT, as `/proc` does.
 *
 * @param mode of every directory that is created
 * @returns the first directory that was created; undefined when all existed
 */
export async function makeDirectory(path: string, mode: number): Promise<string | undefined> {
  const directory = resolve(path);
  if (await isDirectory(directory)) return undefined;
  const parent = dirname(directory);
  const first = parent === directory ? undefined : await makeDirectory(parent, mode);
  try {
    await mkdir(directory, { mode });
  } catch (error) {
    // Another process was faster, or a file has the name.
    if (!(await isDirectory(directory))) throw error;
    return first;
  }
  return first ?? directory;
}

/** Whether a path leads to a directory. What stands in the way is the error of `mkdir`. */
async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

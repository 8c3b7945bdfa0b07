import { statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { type CheckResult, ok, skipped, warning } from "./check.ts";
import { failure } from "./check-configuration.ts";

/** Production data takes about 2 GB in the database, and rejected records are buffered in the temporary directory. */
const ENOUGH_BYTES = 5_000_000_000;

/** Checks the free space where this process writes. */
export async function checkDisk(embeddedDirectory: string | undefined): Promise<readonly CheckResult[]> {
  const places = [
    ...(embeddedDirectory === undefined
      ? []
      : [{ name: "disk, embedded database", path: embeddedDirectory }]),
    { name: "disk, temporary files", path: tmpdir() },
  ];
  return Promise.all(
    places.map(async ({ name, path }) => {
      try {
        const { bavail, bsize } = await statfs(path);
        const free = bavail * bsize;
        const finding = `${(free / 1e9).toFixed(1)} GB free in ${path}`;
        return free >= ENOUGH_BYTES
          ? ok(name, finding)
          : warning(name, finding, "A production load may need 5 GB.");
      } catch (error) {
        if (error instanceof Error && "code" in error && error.code === "ENOENT") {
          return skipped(name, `there is no ${path} yet`);
        }
        return failure(name, error);
      }
    }),
  );
}

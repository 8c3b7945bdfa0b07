import { basename, dirname, join, resolve } from "node:path";

/** A document in the archive, described by its name. */
export interface ArchivedDocument {
  /** `<view>/<time>-run-<run>.json.zst`: its place in the archive, and in `etl_metadata.archive_file`. */
  readonly name: string;
  readonly path: string;
  readonly view: string;
  readonly runId: number;
  /** When it was requested. */
  readonly archivedAt: Date;
}

/** Sorting by name sorts by time. The time is UTC, without colons, which some file systems do not allow. */
const FILE_NAME = /^(\d{4}-\d{2}-\d{2}T)(\d{2})-(\d{2})-(\d{2}Z)-run-(\d{1,15})\.json\.zst$/;

/** Of two loads in one second, the one with the higher run id is newer. */
export function byTime(a: ArchivedDocument, b: ArchivedDocument): number {
  return a.archivedAt.getTime() - b.archivedAt.getTime() || a.runId - b.runId;
}

/** The suffix of a document that is still being written, or whose writer was killed. */
export const PARTIAL = ".part";

export function archivedDocument(
  directory: string,
  view: string,
  runId: number,
  archivedAt: Date,
): ArchivedDocument {
  const time = archivedAt.toISOString().slice(0, 19).replaceAll(":", "-");
  const name = `${view}/${time}Z-run-${runId}.json.zst`;
  return { name, path: join(directory, name), view, runId, archivedAt };
}

/**
 * Parses the path of an archived document.
 *
 * @param path ends in `<view>/<file>`
 * @returns undefined when the file does not belong to an archive
 */
export function parseArchivedPath(path: string): ArchivedDocument | undefined {
  const [, day, hours, minutes, seconds, runId] = FILE_NAME.exec(basename(path)) ?? [];
  const archivedAt = new Date(`${day ?? ""}${hours ?? ""}:${minutes ?? ""}:${seconds ?? ""}`);
  if (runId === undefined || Number.isNaN(archivedAt.getTime())) return undefined;
  const view = basename(dirname(resolve(path)));
  return { name: `${view}/${basename(path)}`, path, view, runId: Number(runId), archivedAt };
}

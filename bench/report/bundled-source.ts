import { existsSync, readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { fileURLToPath } from "node:url";
import type { CallFrame } from "./cpu-places.ts";

type SourceMapPayload = ConstructorParameters<typeof SourceMap>[0];

/** Finds the files in which the functions of the bundle were written, by its source maps. */
export function bundledSources(): (frame: CallFrame) => string {
  const maps = new Map<string, SourceMap>();
  return ({ url, lineNumber = 0, columnNumber = 0 }) => {
    if (!/^file:.*\/dist\//.test(url)) return url;
    let map = maps.get(url);
    if (map === undefined) {
      const path = `${fileURLToPath(url)}.map`;
      // The helpers that the bundler adds come from no source.
      if (!existsSync(path)) return url;
      map = new SourceMap(JSON.parse(readFileSync(path, "utf8")) as SourceMapPayload);
      maps.set(url, map);
    }
    const entry = map.findEntry(lineNumber, columnNumber);
    return "originalSource" in entry ? new URL(entry.originalSource, url).href : url;
  };
}

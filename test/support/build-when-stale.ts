import { execFileSync } from "node:child_process";
import { globSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Builds dist/ unless it is newer than everything it is made of: the e2e tests run what users run. */
export function buildWhenStale(): void {
  // Folders too: deleting a file changes nothing but the time of its folder.
  const inputs = globSync(["src", "src/**", "tsconfig*.json", "scripts/build.ts"], { cwd: root });
  const newest = Math.max(...inputs.map(modifiedAt));
  if (modifiedAt("dist/cli/main.js") >= newest) return;
  execFileSync(process.execPath, [join(root, "scripts/build.ts")], { cwd: root, stdio: "inherit" });
}

function modifiedAt(path: string): number {
  return statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

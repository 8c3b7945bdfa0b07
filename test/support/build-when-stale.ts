import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const BUILD = fileURLToPath(new URL("../../scripts/build.ts", import.meta.url));

/** Builds dist/ unless it is newer than everything it is made of: the e2e tests run what users run. */
export function buildWhenStale(): void {
  execFileSync(process.execPath, [BUILD, "--when-stale"], { stdio: "inherit" });
}

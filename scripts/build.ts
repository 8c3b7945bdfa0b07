// Compiles src/ into an empty dist/, so that no file of an earlier build is ever published.
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

rmSync(`${root}/dist`, { recursive: true, force: true });
execFileSync(
  process.execPath,
  [`${root}/node_modules/typescript/bin/tsc`, "-p", `${root}/tsconfig.build.json`],
  {
    stdio: "inherit",
  },
);
// Assets of the status page are copied, not compiled.
cpSync(`${root}/src/web/assets`, `${root}/dist/web/assets`, { recursive: true });
// npx runs the bin of a checkout directly: without the x bit it answers "Permission denied".
chmodSync(`${root}/dist/cli/main.js`, 0o755);

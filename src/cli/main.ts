#!/usr/bin/env node
// Whatever Node a machine has runs this file. So it imports nothing before the check, and has no syntax newer than Node 14.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major > 22 || (major === 22 && minor >= 18)) {
  void start();
} else {
  process.stderr.write(
    `otc-etl: needs Node 22.18 or newer; this is ${process.version} (${process.execPath}).\n`,
  );
  process.exitCode = 2;
}

async function start(): Promise<void> {
  const { enableCompileCache } = await import("node:module");
  const { fileURLToPath } = await import("node:url");
  // Within the package: whoever can write there can change the program anyway, which is not so of the default, a folder
  // for temporary files. Where the folder cannot be written, each start compiles everything, as without a cache.
  enableCompileCache(fileURLToPath(new URL("../../.cache/node", import.meta.url)));
  const { runCommandLine } = await import("./run-command-line.ts");
  return runCommandLine();
}

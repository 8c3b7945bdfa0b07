#!/usr/bin/env node
// Whatever Node a machine has runs this file. So it imports nothing before the check, and has no syntax newer than Node 14.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major > 22 || (major === 22 && minor >= 18)) {
  void import("./run-command-line.ts").then(({ runCommandLine }) => runCommandLine());
} else {
  process.stderr.write(
    `otc-etl: needs Node 22.18 or newer; this is ${process.version} (${process.execPath}).\n`,
  );
  process.exitCode = 2;
}

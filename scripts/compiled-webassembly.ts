import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The file that holds the compiled module. */
export const FRAMING_MODULE = new URL("../src/json/framing-module-bytes.ts", import.meta.url);

const OPTIONS = [
  "--optimizeLevel",
  "3",
  "--enable",
  "simd",
  "--runtime",
  "stub",
  "--noAssert",
  "--use",
  "abort=",
];

/**
 * Compiles assembly/frame-records.ts.
 *
 * The compiler is run and not imported: its declarations would replace those of `Array` in all of this repository.
 */
export function renderFramingModule(): string {
  const folder = mkdtempSync(join(tmpdir(), "otc-etl-wasm-"));
  try {
    const outFile = join(folder, "module.wasm");
    const compiler = join(root, "node_modules/assemblyscript/bin/asc.js");
    execFileSync(
      process.execPath,
      [compiler, "assembly/frame-records.ts", ...OPTIONS, "--outFile", outFile],
      {
        cwd: root,
        stdio: "pipe",
      },
    );
    return `// Written by \`npm run wasm\` from assembly/.
export const FRAMING_MODULE_BASE64 =
  "${readFileSync(outFile, "base64")}";
`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

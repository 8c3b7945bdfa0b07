import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, onTestFinished, test } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), "utf8");

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "otc-etl-platform-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

describe("npm ci", () => {
  const platforms = [
    ["linux", "x64"],
    ["linux", "arm64"],
    ["darwin", "x64"],
    ["darwin", "arm64"],
    ["win32", "x64"],
  ] as const;

  // npm's own --os and --cpu do not apply to packages that are not optional, which are the ones that fail.
  test.for(platforms)("finds every package it needs on %s %s", ([platform, arch]) => {
    const folder = temporaryFolder();
    for (const file of ["package.json", "package-lock.json"])
      copyFileSync(join(root, file), join(folder, file));
    const pretend = join(folder, "pretend.cjs");
    const values = { platform, arch };
    writeFileSync(
      pretend,
      Object.entries(values)
        .map(([name, value]) => `Object.defineProperty(process, "${name}", { value: "${value}" });\n`)
        .join(""),
    );
    const { status, stderr } = spawnSync("npm", ["ci", "--dry-run", "--offline", "--ignore-scripts"], {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, NODE_OPTIONS: `--require=${pretend}` },
      shell: process.platform === "win32",
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.not.stringContaining("EBADPLATFORM") });
  });
});

describe("the command on a Node that is too old", () => {
  const main = ts.transpileModule(read("src/cli/main.ts"), {
    compilerOptions: {
      target: ts.ScriptTarget.ES2024,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
      rewriteRelativeImportExtensions: true,
    },
  }).outputText;

  test("has only syntax of that Node", () => {
    // Node 14 knows ES2020; `await` outside of functions is newer, and importing is what may fail.
    const asOld = ts.transpileModule(main, {
      compilerOptions: { target: ts.ScriptTarget.ES2020, module: ts.ModuleKind.ESNext },
    }).outputText;
    expect(asOld).toBe(main);
    expect(main).not.toMatch(/^\s*(?:import\s|import\{|export\s+.*from|await\s)/m);
  });

  test.for(["14.0.0", "16.20.2", "18.20.8", "20.20.2", "22.17.1"])("says so in one line on %s", (version) => {
    // There is no other file to import.
    const folder = temporaryFolder();
    writeFileSync(join(folder, "main.mjs"), main);
    const pretend = join(folder, "pretend.cjs");
    writeFileSync(
      pretend,
      `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } });
       Object.defineProperty(process, "version", { value: "v${version}" });`,
    );
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["--require", pretend, join(folder, "main.mjs"), "load"],
      { encoding: "utf8", env: {} },
    );
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(
      new RegExp(`^otc-etl: needs Node 22\\.18 or newer; this is v${version} \\(.*\\)\\.\n$`),
    );
  });
});

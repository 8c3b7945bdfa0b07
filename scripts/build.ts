// Bundles src/ into an empty dist/, so that no file of an earlier build is ever published: docs/adr/0029-a-bundle.md.
// With --when-stale only if something that it is made of is newer: npm runs `prepare` also when npx first meets a checkout,
// and an emptied dist/ fails every command that is running from it.
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, globSync, rmSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type CodeSplittingNameFunction, type Plugin, rolldown } from "rolldown";

const root = fileURLToPath(new URL("..", import.meta.url));

/** All chunks lie in one folder of dist/, so an address relative to a module of src/ is found from any of them. */
const CHUNKS = "chunks";

/** What is loaded by its own name: the command, the library, the views, whose folder is the list of all, and a thread. */
const ENTRIES = ["cli/main.ts", "index.ts", "views/definitions/*.ts", "database/embedded/pglite-worker.ts"];

/**
 * Not bundled: they are large and few commands need them, PGlite finds its WebAssembly beside itself, and the driver looks
 * for pg-native although nobody installs it.
 */
const SEPARATE = [/^node:/, /^@electric-sql\/pglite/, /^@opentelemetry\//, /^pg-boss$/, /^pg-native$/];

/**
 * What each of these imports is one chunk, without what is in the one before it and what is imported later. Otherwise
 * whatever two entries share is a chunk of its own, and a load finds, reads and evaluates 73 files instead of 15.
 */
const TOGETHER = { start: "cli/run-command-line.ts", load: "cli/run/run-load.ts" };

/** A module that finds a file beside itself finds it in dist/ too, although its code lies in a chunk. */
const moduleAddresses: Plugin = {
  name: "module-addresses",
  transform(code, id) {
    if (!id.startsWith(`${root}src/`) || !code.includes("import.meta.url")) return null;
    const module = id.slice(`${root}src/`.length);
    // No line moves, so the source map needs no correction.
    return {
      code: code.replaceAll("import.meta.url", `new URL("../${module}", import.meta.url)`),
      map: null,
    };
  },
};

if (!process.argv.includes("--when-stale") || isStale()) await build();

async function build(): Promise<void> {
  // With what was compiled of the earlier build.
  for (const folder of ["dist", ".cache"]) rmSync(`${root}/${folder}`, { recursive: true, force: true });
  execFileSync(
    process.execPath,
    [`${root}/node_modules/typescript/bin/tsc`, "-p", `${root}/tsconfig.build.json`],
    { stdio: "inherit" },
  );
  const modules = globSync(ENTRIES, { cwd: `${root}/src` });
  const bundle = await rolldown({
    cwd: root,
    input: Object.fromEntries(modules.map((module) => [module.replace(/\.ts$/, ""), `src/${module}`])),
    platform: "node",
    external: SEPARATE,
    plugins: [moduleAddresses],
  });
  await bundle.write({
    dir: `${root}/dist`,
    entryFileNames: "[name].js",
    chunkFileNames: `${CHUNKS}/[name]-[hash].js`,
    codeSplitting: {
      groups: Object.entries(TOGETHER).map(([name, entry], index) => ({
        name: importsOf(`${root}src/${entry}`, name),
        debugName: name,
        // The highest is first.
        priority: Object.keys(TOGETHER).length - index,
      })),
    },
    sourcemap: true,
  });
  // Assets of the status page are copied, not compiled.
  cpSync(`${root}/src/web/assets`, `${root}/dist/web/assets`, { recursive: true });
  // npx runs the bin of a checkout directly: without the x bit it answers "Permission denied".
  chmodSync(`${root}/dist/cli/main.js`, 0o755);
}

/** Gives the modules that an entry imports, directly or not, the name of a chunk. */
function importsOf(entry: string, chunk: string): CodeSplittingNameFunction {
  const imported = new Set<string>();
  return (module, modules) => {
    if (imported.size === 0) {
      imported.add(entry);
      for (const id of imported) {
        for (const next of modules.getModuleInfo(id)?.importedIds ?? []) imported.add(next);
      }
    }
    return imported.has(module) ? chunk : null;
  };
}

function isStale(): boolean {
  // Folders too: deleting a file changes nothing but the time of its folder.
  const inputs = globSync(["src", "src/**", "tsconfig*.json", "scripts/build.ts"], { cwd: root });
  return modifiedAt("dist/cli/main.js") < Math.max(...inputs.map(modifiedAt));
}

function modifiedAt(path: string): number {
  return statSync(`${root}/${path}`, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

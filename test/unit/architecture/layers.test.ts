import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path/posix";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, test } from "vitest";

/** What a top folder of src may import besides itself. `index` is src/index.ts, the library. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  cli: [
    "index",
    "doctor",
    "demo",
    "simulator",
    "users",
    "adopt",
    "worker",
    "load",
    "source",
    "views",
    "database",
    "config",
    "format",
    "errors",
  ],
  web: ["index", "metrics", "load", "source", "views", "database", "json", "config", "format", "errors"],
  metrics: ["load", "views", "database", "config", "errors"],
  index: ["load", "views", "config", "database", "errors", "source"],
  demo: ["simulator", "load", "views", "database", "config"],
  worker: ["load", "views", "database", "config", "errors"],
  doctor: ["load", "alerts", "source", "views", "database", "config", "errors"],
  load: ["archive", "alerts", "tracing", "source", "views", "database", "json", "config", "errors"],
  alerts: ["database", "config", "errors"],
  tracing: ["config", "errors"],
  adopt: ["views", "database", "errors"],
  users: ["database", "errors"],
  archive: ["errors"],
  source: ["json", "config", "errors"],
  views: ["json", "config", "errors"],
  database: ["config", "errors"],
  simulator: ["errors"],
  json: [],
  config: ["errors"],
  format: [],
  errors: [],
};

/** Allowed as `await import("…")` only: one command needs the other layer, and the rest must not pay for loading it. */
const LAZY: Readonly<Record<string, readonly string[]>> = { cli: ["web", "metrics"] };

interface Import {
  readonly specifier: string;
  readonly lazy: boolean;
}

/** Static and type-only imports, re-exports, `import("…")` as a value and as a type. Computed names are not seen. */
function importsOf(text: string): Import[] {
  const found: Import[] = [];
  const add = (node: ts.Node | undefined, lazy: boolean) => {
    if (node !== undefined && ts.isStringLiteralLike(node)) found.push({ specifier: node.text, lazy });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) add(node.moduleSpecifier, false);
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, false);
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], true);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile("file.ts", text, ts.ScriptTarget.Latest));
  return found;
}

/** The layer of a path like `src/load/run.ts`; the path itself where no layer is known for it. */
function layerOf(path: string): string {
  const [, layer] = /^src\/([^/]+)\/./.exec(path) ?? [];
  if (layer !== undefined) return layer;
  return path === "src/index.ts" ? "index" : path;
}

function violationsOf(file: string, text: string): string[] {
  const from = layerOf(file);
  const allowed = LAYERS[from];
  if (allowed === undefined) return [`${file}: ${from} is no layer; see ARCHITECTURE.md, 'Layers'`];
  return importsOf(text)
    .filter(({ specifier }) => specifier.startsWith(".") || specifier === "otc-etl")
    .map(({ specifier, lazy }) => ({
      specifier,
      lazy,
      to: specifier === "otc-etl" ? "index" : layerOf(normalize(join(dirname(file), specifier))),
    }))
    .filter(
      ({ to, lazy }) => !(to === from || allowed.includes(to) || (lazy && LAZY[from]?.includes(to) === true)),
    )
    .map(
      ({ specifier, lazy, to }) =>
        `${file} ${lazy ? "lazily imports" : "imports"} "${specifier}": ${from} must not depend on ${to}; ` +
        "see ARCHITECTURE.md, 'Layers'",
    );
}

describe("the layers of src", () => {
  const root = fileURLToPath(new URL("../../..", import.meta.url));
  const files = globSync("src/**/*.{ts,tsx,mts,cts,js,mjs,cjs}", { cwd: root });

  test("are imported downwards only", () => {
    expect(files).toContain("src/cli/main.ts");
    expect(files.flatMap((file) => violationsOf(file, readFileSync(join(root, file), "utf8")))).toEqual([]);
  });
});

describe("the check of the layers", () => {
  test.each([
    ["a static import", `import { copy } from "../database/copy.ts";`],
    ["a type-only import", `import type { Copy } from "../database/copy.ts";`],
    ["a side-effect import", `import "../database/copy.ts";`],
    ["a re-export", `export * from "../database/copy.ts";`],
    ["a dynamic import", `async function f() { await import("../database/copy.ts"); }`],
    ["a dynamic import of a template literal", "void import(`../database/copy.ts`);"],
    ["an import type", `type Copy = import("../database/copy.ts").Copy;`],
    ["a detour", `import { copy } from "./../source/../database/copy.ts";`],
  ])("sees %s", (_, text) => {
    const [violation, ...others] = violationsOf("src/source/fetch.ts", text);
    expect(violation).toMatch(
      /^src\/source\/fetch\.ts .*database\/copy\.ts".*; see ARCHITECTURE\.md, 'Layers'$/,
    );
    expect(others).toEqual([]);
  });

  test.each([
    ["upwards", "src/errors/otc-error.ts", `import "../config/schema.ts";`],
    ["to the library", "src/load/load.ts", `import "../index.ts";`],
    ["to the library by its package name", "src/load/load.ts", `import "otc-etl";`],
    ["from web to cli, even lazily", "src/web/page.ts", `void import("../cli/main.ts");`],
    ["from cli to web, unless lazily", "src/cli/main.ts", `import "../web/page.ts";`],
    ["to a folder without a layer", "src/load/load.ts", `import "../helpers/all.ts";`],
    ["from a folder without a layer", "src/helpers/all.ts", ""],
    ["from a loose file", "src/helpers.ts", ""],
    ["out of src", "src/load/load.ts", `import "../../test/support/shared-data.ts";`],
  ])("refuses an arrow %s", (_, file, text) => {
    expect(violationsOf(file, text)).toEqual([expect.stringMatching(/; see ARCHITECTURE\.md, 'Layers'$/)]);
  });

  test.each([
    ["within a layer", "src/views/views.ts", `import "./definitions/tickets.ts";`],
    ["downwards", "src/load/load.ts", `import "../database/copy.ts"; import "../errors/otc-error.ts";`],
    ["from cli to web, lazily", "src/cli/commands/serve.ts", `void import("../../web/page.ts");`],
    ["to packages", "src/errors/otc-error.ts", `import "node:fs"; import "pg";`],
  ])("allows an arrow %s", (_, file, text) => {
    expect(violationsOf(file, text)).toEqual([]);
  });
});

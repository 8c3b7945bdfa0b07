import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path/posix";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, test } from "vitest";

/**
 * Folders with subfolders that are layers of their own: all of them, or those that are named. Every other folder is one
 * layer with all that is below it.
 */
const DIVIDED: Readonly<Record<string, "all" | readonly string[]>> = { load: "all", runs: ["rejects"] };

/** What a layer may import besides itself. `index` is src/index.ts, the library. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  cli: [
    "adopt",
    "config",
    "database",
    "demo",
    "distribution",
    "doctor",
    "errors",
    "format",
    "import",
    "load",
    "load/guards",
    "load/plan",
    "loader",
    "partitions",
    "runs",
    "runs/rejects",
    "schedule",
    "shutdown",
    "simulator",
    "throttle",
    "users",
    "views",
    "worker",
  ],
  web: [
    "config",
    "database",
    "errors",
    "format",
    "json",
    "metrics",
    "runs",
    "runs/rejects",
    "schedule",
    "throttle",
    "views",
  ],
  metrics: ["config", "database", "runs", "throttle", "views"],
  worker: ["database", "errors", "runs", "schedule", "views"],
  doctor: [
    "alerts",
    "config",
    "database",
    "errors",
    "files",
    "format",
    "partitions",
    "runs",
    "source",
    "throttle",
    "views",
  ],
  demo: ["config", "database", "load", "loader", "runs", "simulator", "views"],
  index: [
    "config",
    "database",
    "errors",
    "load",
    "load/guards",
    "load/plan",
    "load/tables",
    "loader",
    "runs",
    "views",
  ],
  loader: [
    "alerts",
    "archive",
    "config",
    "database",
    "distribution",
    "errors",
    "load",
    "load/apply",
    "load/guards",
    "load/missing",
    "load/plan",
    "partitions",
    "runs",
    "runs/rejects",
    "shutdown",
    "source",
    "throttle",
    "tracing",
    "views",
  ],
  alerts: ["config", "database", "errors", "network", "runs", "views"],
  load: [
    "archive",
    "database",
    "errors",
    "format",
    "load/apply",
    "load/classify",
    "load/drift",
    "load/first-load",
    "load/guards",
    "load/known-rows",
    "load/missing",
    "load/stage",
    "load/tables",
    "partitions",
    "runs",
    "runs/rejects",
    "shutdown",
    "source",
    "throttle",
    "tracing",
    "views",
  ],
  "load/plan": ["database", "errors", "load", "load/apply", "load/guards", "load/tables", "runs", "views"],
  "load/guards": ["config", "errors", "format", "load/classify", "runs", "views"],
  "load/apply": [
    "database",
    "errors",
    "load/classify",
    "load/first-load",
    "load/tables",
    "runs/rejects",
    "views",
  ],
  "load/classify": ["database", "errors", "load/known-rows", "load/stage", "load/tables", "views"],
  "load/first-load": ["database", "load/tables", "views"],
  "load/stage": [
    "archive",
    "database",
    "errors",
    "format",
    "json",
    "load/first-load",
    "load/known-rows",
    "load/missing",
    "load/tables",
    "runs/rejects",
    "source",
    "views",
  ],
  "load/missing": [
    "database",
    "errors",
    "format",
    "load/classify",
    "load/known-rows",
    "load/tables",
    "views",
  ],
  "load/known-rows": ["database", "json", "load/tables", "views"],
  "load/drift": ["database", "load/stage", "runs", "views"],
  "load/tables": ["database", "views"],
  runs: ["archive", "config", "database", "errors", "format", "runs/rejects", "source", "tracing", "views"],
  schedule: ["config", "errors", "runs", "views"],
  "runs/rejects": ["database", "errors", "files", "source", "views"],
  throttle: ["database", "errors", "format", "source"],
  import: ["errors", "files", "json", "source", "views"],
  source: ["config", "errors", "network"],
  network: ["config"],
  archive: ["errors", "files"],
  tracing: ["config", "errors", "shutdown"],
  adopt: ["database", "errors", "format", "runs", "views"],
  partitions: ["database", "errors", "views"],
  distribution: ["database", "errors", "format", "views"],
  users: ["database", "errors"],
  views: ["errors", "json"],
  json: ["errors", "format"],
  database: ["errors", "files", "shutdown"],
  simulator: ["format"],
  config: ["errors", "format"],
  files: [],
  format: [],
  shutdown: [],
  errors: [],
};

/** Allowed as `await import("…")` only: one command needs the other layer, and the rest must not pay for loading it. */
const LAZY: Readonly<Record<string, readonly string[]>> = { cli: ["web", "metrics"] };

/** Where a person finds what each layer is for, and what is deliberately not in it. */
const EXPLAINED = "see ARCHITECTURE.md, 'Layers'";

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

/** The layer of a path like `src/load/stage/row-stager.ts`; the path itself where it lies in no folder. */
function layerOf(path: string): string {
  if (path === "src/index.ts") return "index";
  const [, top, below] = /^src\/([^/]+)\/(?:([^/]+)\/)?/.exec(path) ?? [];
  if (top === undefined) return path;
  if (below === undefined) return top;
  const divided = DIVIDED[top] ?? [];
  return divided === "all" || divided.includes(below) ? `${top}/${below}` : top;
}

/** An import from one layer of another. */
interface Arrow {
  readonly specifier: string;
  readonly lazy: boolean;
  readonly to: string;
}

function arrowsOf(file: string, text: string): readonly Arrow[] {
  const from = layerOf(file);
  return importsOf(text)
    .filter(({ specifier }) => specifier.startsWith(".") || specifier === "otc-etl")
    .map(({ specifier, lazy }) => ({
      specifier,
      lazy,
      to: specifier === "otc-etl" ? "index" : layerOf(normalize(join(dirname(file), specifier))),
    }))
    .filter(({ to }) => to !== from);
}

function violationsOf(file: string, text: string): string[] {
  const from = layerOf(file);
  const allowed = LAYERS[from];
  if (allowed === undefined) return [`${file}: ${from} is no layer; ${EXPLAINED}`];
  return arrowsOf(file, text)
    .filter(({ to, lazy }) => !(allowed.includes(to) || (lazy && LAZY[from]?.includes(to) === true)))
    .map(
      ({ specifier, lazy, to }) =>
        `${file} ${lazy ? "lazily imports" : "imports"} "${specifier}": ${from} must not depend on ${to}; ${EXPLAINED}`,
    );
}

/** The files of the first circle of imports that is found, in order; undefined when there is none. */
function circleOf(files: ReadonlyMap<string, string>): readonly string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const follow = (file: string): readonly string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    const text = files.get(file);
    if (done.has(file) || text === undefined) return undefined;
    path.push(file);
    for (const { specifier } of importsOf(text)) {
      const circle = specifier.startsWith(".")
        ? follow(normalize(join(dirname(file), specifier)))
        : undefined;
      if (circle !== undefined) return circle;
    }
    path.pop();
    done.add(file);
    return undefined;
  };
  for (const file of files.keys()) {
    const circle = follow(file);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

describe("the layers of src", () => {
  const root = fileURLToPath(new URL("../../..", import.meta.url));
  const files = new Map(
    globSync("src/**/*.{ts,tsx,mts,cts,js,mjs,cjs}", { cwd: root }).map((file) => [
      file,
      readFileSync(join(root, file), "utf8"),
    ]),
  );

  test("are only imported downwards", () => {
    expect(files.has("src/cli/main.ts")).toBe(true);
    expect([...files].flatMap(([file, text]) => violationsOf(file, text))).toEqual([]);
  });

  test("use every permitted import", () => {
    const used = new Set(
      [...files].flatMap(([file, text]) => arrowsOf(file, text).map(({ to }) => `${layerOf(file)} -> ${to}`)),
    );
    const allowed = [LAYERS, LAZY].flatMap((layers) =>
      Object.entries(layers).flatMap(([from, tos]) => tos.map((to) => `${from} -> ${to}`)),
    );
    expect(allowed.filter((arrow) => !used.has(arrow))).toEqual([]);
  });

  test("have no circular imports between files", () => {
    expect(circleOf(files)).toBeUndefined();
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
    ["to the steps of a load that come later", "src/load/stage/row-stager.ts", `import "../apply/apply.ts";`],
    ["from a subfolder that is no layer", "src/load/helpers/all.ts", ""],
    ["from a loose file", "src/helpers.ts", ""],
    ["out of src", "src/load/load.ts", `import "../../test/support/shared-data.ts";`],
  ])("refuses an arrow %s", (_, file, text) => {
    expect(violationsOf(file, text)).toEqual([expect.stringMatching(/; see ARCHITECTURE\.md, 'Layers'$/)]);
  });

  test("finds a circle of imports", () => {
    const files = new Map([
      ["src/load/a.ts", `import "./b.ts";`],
      ["src/load/b.ts", `import "../runs/c.ts";`],
      ["src/runs/c.ts", `import type { B } from "../load/b.ts";`],
    ]);
    expect(circleOf(files)).toEqual(["src/load/b.ts", "src/runs/c.ts", "src/load/b.ts"]);
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

// Checks the package that `npm publish` would publish: packs it, installs it in an empty folder, and uses it.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, delimiter, dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

const root = fileURLToPath(new URL("..", import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  name: string;
  version: string;
};

/** Everything that the package may contain; other files (tests, sources, scripts, settings) are of no use to its users. */
const ALLOWED = [
  /^dist\/.+\.(?:js|js\.map|d\.ts)$/,
  /^dist\/web\/assets\/.+\.(?:css|svg)$/,
  /^migrations\/.+\.sql$/,
  /^deploy\/.+\.(?:service|timer|ya?ml|json|sh)$/,
  /^docs\/.+\.(?:md|png|svg)$/,
  /^(?:package\.json|README\.md|LICENSE|CHANGELOG\.md|ARCHITECTURE\.md|CONTRIBUTING\.md|CODE_OF_CONDUCT\.md|SECURITY\.md|\.env\.example)$/,
];
const TESTS = /(?:^|\/)(?:test|tests|__tests__)\/|\.(?:test|spec)\./;
const REQUIRED = [
  "package.json",
  "README.md",
  "LICENSE",
  ".env.example",
  "deploy/systemd/otc-etl-worker.service",
  "dist/index.js",
  "dist/index.d.ts",
  "dist/cli/main.js",
  "dist/web/assets/base.css",
  "dist/web/assets/live.js",
  "deploy/grafana/otc-etl-dashboard.json",
  "deploy/prometheus/otc-etl.rules.yml",
];

/** Pages for people who change otc-etl. They link to code, which only a checkout has, and say so. */
const PAGES_ABOUT_CODE = ["ARCHITECTURE.md", "CONTRIBUTING.md"];
const CODE = /^(?:src|test|bench|scripts|assembly)(?:\/|$)|^cspell\.json$/;

/** The links of the packed pages that lead nowhere in the package. */
function brokenLinks(files: readonly string[]): readonly string[] {
  const folders = new Set(files.flatMap((file) => [...foldersOf(file)]));
  return files
    .filter((file) => file.endsWith(".md"))
    .flatMap((page) =>
      linksOf(page)
        .filter((path) => !files.includes(path) && !folders.has(path))
        .filter((path) => !(PAGES_ABOUT_CODE.includes(page) && CODE.test(path)))
        .map((path) => `${page} to ${path}`),
    );
}

/** The files and folders that a page links to, as paths of the checkout. */
function linksOf(page: string): readonly string[] {
  const links = readFileSync(join(root, page), "utf8").matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g);
  const paths = Array.from(links, ([, path = ""]) =>
    posix.join(posix.dirname(page), path).replace(/\/$/, ""),
  );
  return [...new Set(paths)];
}

function* foldersOf(file: string): Generator<string> {
  for (let folder = posix.dirname(file); folder !== "."; folder = posix.dirname(folder)) yield folder;
}

interface Packed {
  readonly tarball: string;
  readonly files: readonly string[];
}

let failures = 0;

async function check(name: string, run: () => string | Promise<string>): Promise<void> {
  try {
    console.log(`ok      ${name}: ${await run()}`);
  } catch (error) {
    failures += 1;
    console.error(`FAILED  ${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Runs a program with the Node that runs this script first in its PATH: `#!/usr/bin/env node` has to find the same. */
function run(command: string, args: readonly string[], cwd: string): string {
  const PATH = [dirname(process.execPath), process.env["PATH"]].join(delimiter);
  return execFileSync(command, args, { cwd, encoding: "utf8", env: { ...process.env, PATH }, stdio: "pipe" });
}

/** Lifecycle scripts are off, because their output would end up in the JSON; dist/ has just been built. */
function pack(into: string): Packed {
  const output = run("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", into], root);
  const [packed] = JSON.parse(output) as { filename: string; files: { path: string }[] }[];
  if (packed === undefined) throw new Error(`npm pack reported no package: ${output}`);
  return { tarball: join(into, packed.filename), files: packed.files.map(({ path }) => path) };
}

async function lint({ tarball }: Packed): Promise<string> {
  const bytes = readFileSync(tarball);
  const { messages, pkg } = await publint({
    strict: true,
    pack: { tarball: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) },
  });
  const problems = messages.filter(({ type }) => type !== "suggestion");
  if (problems.length > 0) {
    throw new Error(problems.map((message) => formatMessage(message, pkg) ?? message.code).join("; "));
  }
  return `publint has nothing to report in ${basename(tarball)}`;
}

function compareFiles({ files }: Packed): string {
  const foreign = files.filter((file) => TESTS.test(file) || !ALLOWED.some((pattern) => pattern.test(file)));
  const missing: string[] = REQUIRED.filter((file) => !files.includes(file));
  if (!files.some((file) => file.startsWith("migrations/"))) missing.push("migrations/*.sql");
  const broken = brokenLinks(files);
  const problems = [
    ...(foreign.length > 0 ? [`should not be packed: ${foreign.join(", ")}`] : []),
    ...(broken.length > 0 ? [`links that lead nowhere: ${broken.join(", ")}`] : []),
    ...(missing.length > 0 ? [`should be packed and are not: ${missing.join(", ")}`] : []),
  ];
  if (problems.length > 0) throw new Error(problems.join("; "));
  return `${files.length} files, no tests, no sources, and every link of a page leads somewhere`;
}

function install({ tarball }: Packed, project: string): string {
  writeFileSync(
    join(project, "package.json"),
    JSON.stringify({ name: "a-stranger", private: true, type: "module" }),
  );
  // A script's npm inherits the prefix of the checkout; --prefix overrides it.
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--prefix", project];
  run("npm", ["install", ...flags, tarball], project);
  return `${basename(tarball)} installs without scripts in an empty folder`;
}

function importLibrary(project: string): string {
  const script = join(project, "import.ts");
  writeFileSync(
    script,
    `import { createLoader } from "${manifest.name}";\nconsole.log(typeof createLoader);\n`,
  );
  const type = run(process.execPath, [script], project).trim();
  if (type !== "function") throw new Error(`createLoader is of type ${type}, not a function`);
  return `import { createLoader } from "${manifest.name}" is a function`;
}

function askVersion(project: string): string {
  const version = run(join(project, "node_modules", ".bin", "otc-etl"), ["--version"], project).trim();
  if (version !== manifest.version)
    throw new Error(`otc-etl --version prints "${version}", not ${manifest.version}`);
  return `otc-etl --version prints ${version}`;
}

/** A program that uses the library; it has to compile against the packed types, and to run. */
const CONSUMER = `
import { createLoader, type CommittedLoad, OtcError } from "${manifest.name}";

const loader = createLoader({ env: { OTC_DATA_DIR: "data" } });
try {
  const notMigrated: unknown = await loader.loadTickets({ from: "tickets.json" }).catch((error: unknown) => error);
  if (!(notMigrated instanceof OtcError) || notMigrated.code !== "migration") throw new Error(String(notMigrated));
  await loader.migrate();
  const load: CommittedLoad = await loader.loadTickets({ from: "tickets.json", maxErrors: 1 });
  const { status, fetched, inserted, duplicates, errors } = load;
  console.log(JSON.stringify({ status, fetched, inserted, duplicates, errors }));
} finally {
  await loader.close();
}
`;

const DOCUMENT = {
  message: {
    data: [
      { "TKT-Ticket ID": 1, "TKT-Title": "first", "TKT-Created Time": "5/3/2016" },
      { "TKT-Ticket ID": 1, "TKT-Title": "first again", "TKT-Created Time": "2016-03-05" },
      { "TKT-Ticket ID": 2, "TKT-Created Time": "?" },
    ],
  },
};

const EXPECTED = JSON.stringify({ status: "partial", fetched: 3, inserted: 1, duplicates: 1, errors: 1 });

function compileConsumer(project: string): string {
  writeFileSync(join(project, "consumer.ts"), CONSUMER);
  const compilerOptions = {
    target: "es2024",
    module: "nodenext",
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    typeRoots: [join(root, "node_modules/@types")],
    types: ["node"],
  };
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["consumer.ts"] }));
  try {
    run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", project], project);
  } catch (error) {
    throw new Error((error as { stdout?: string }).stdout ?? String(error), { cause: error });
  }
  return "a strict TypeScript consumer compiles";
}

function loadTinyDocument(project: string): string {
  writeFileSync(join(project, "tickets.json"), JSON.stringify(DOCUMENT));
  const counts = run(process.execPath, [join(project, "consumer.ts")], project).trim();
  if (counts !== EXPECTED) throw new Error(`the load's counts are ${counts}, not ${EXPECTED}`);
  return `loads a document into the embedded database: ${counts}`;
}

const temporary = mkdtempSync(join(tmpdir(), "otc-etl-package-"));
try {
  execFileSync(process.execPath, [join(root, "scripts/build.ts")], { stdio: "inherit" });
  const packed = pack(temporary);
  const project = mkdtempSync(join(temporary, "project-"));
  await check("publint", () => lint(packed));
  await check("files", () => compareFiles(packed));
  await check("install", () => install(packed, project));
  await check("library", () => importLibrary(project));
  await check("command", () => askVersion(project));
  await check("types", () => compileConsumer(project));
  await check("a load", () => loadTinyDocument(project));
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
if (failures > 0) {
  console.error(`${failures} check(s) of the package failed`);
  process.exitCode = 1;
}

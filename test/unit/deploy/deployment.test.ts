import { execFileSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { settingList } from "../../../src/config/settings.ts";
import {
  codeIn,
  commandLinesIn,
  knownVariables,
  usageProblem,
  variablesIn,
} from "../../support/command-line.ts";
import { scratchFolder } from "../../support/scratch-folder.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), "utf8");

const UNITS = globSync("deploy/systemd/*", { cwd: root });
const MANIFESTS = globSync("deploy/kubernetes/*.yaml", { cwd: root });
const PAGES = ["README.md", "CONTRIBUTING.md", ...globSync("docs/*.md", { cwd: root })];

interface ComposeService {
  readonly image: string;
  readonly command?: readonly string[];
  readonly secrets?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, unknown>>;
}

interface Container {
  readonly args: readonly string[];
  readonly volumeMounts: readonly { readonly name: string }[];
}

const compose = parse(read("compose.yaml"), { merge: true }) as Compose;

describe("what is deployed", () => {
  test("calls otc-etl with valid commands", async () => {
    const services = Object.values(compose.services).filter(({ image }) => image === "otc-etl");
    const containers = MANIFESTS.flatMap((path) => containersIn(parseDocuments(read(path))));
    const calls = [
      ...PAGES.flatMap((path) => commandLinesIn(codeIn(read(path)))),
      ...UNITS.flatMap((path) => commandLinesIn(read(path))),
      ...services.map(({ command = [] }) => command),
      ...containers.map(({ args }) => args),
      ...[...read("Dockerfile").matchAll(/^CMD (\[.*\])$/gm)].map(
        ([, json = ""]) => JSON.parse(json) as string[],
      ),
    ];
    expect(services).toHaveLength(3);
    expect(containers).toHaveLength(4);
    expect(calls.length).toBeGreaterThan(60);
    const problems: string[] = [];
    for (const words of calls) {
      const problem = await usageProblem(words);
      // A page may name a command without calling it.
      if (problem !== undefined && !problem.includes("missing required argument"))
        problems.push(`otc-etl ${words.join(" ")}: ${problem}`);
    }
    expect(problems).toEqual([]);
  });

  test("sets only variables that otc-etl reads", async () => {
    const known = await knownVariables();
    const unknown = ["Dockerfile", "compose.yaml", ...PAGES, ...UNITS, ...MANIFESTS].flatMap((path) =>
      variablesIn(read(path))
        .filter((name) => !known.has(name))
        .map((name) => `${path}: ${name}`),
    );
    expect(unknown).toEqual([]);
  });

  test("refers only to what compose.yaml and the manifests define", () => {
    for (const { secrets = [], volumes = [], depends_on = {} } of Object.values(compose.services)) {
      expect(Object.keys(compose.secrets)).toEqual(expect.arrayContaining([...secrets]));
      expect(Object.keys(compose.volumes)).toEqual(
        expect.arrayContaining(volumes.map((volume) => volume.split(":")[0])),
      );
      expect(Object.keys(compose.services)).toEqual(expect.arrayContaining(Object.keys(depends_on)));
    }
    for (const path of MANIFESTS) {
      for (const pod of podsIn(parseDocuments(read(path)))) {
        const mounted = pod.containers.flatMap(({ volumeMounts }) => volumeMounts.map(({ name }) => name));
        expect(pod.volumes.map(({ name }) => name).toSorted(), path).toEqual(mounted.toSorted());
      }
    }
  });

  test("takes every secret from a file", () => {
    const secrets = settingList.filter(({ secret }) => secret === true).map(({ env }) => env);
    for (const path of ["Dockerfile", "compose.yaml", ...UNITS, ...MANIFESTS]) {
      expect(
        variablesIn(read(path)).filter((name) => secrets.includes(name)),
        path,
      ).toEqual([]);
    }
  });
});

describe("the image", () => {
  test("copies only files that exist and that .dockerignore allows", () => {
    const allowed = read(".dockerignore").split("\n");
    const copied = [...read("Dockerfile").matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names = ""]) =>
      names.split(" "),
    );
    expect(copied).toContain("package-lock.json");
    for (const name of copied) {
      expect(existsSync(join(root, name)), name).toBe(true);
      expect(allowed, name).toContain(`!${name}`);
    }
  });
});

const analyze = existsSync("/usr/bin/systemd-analyze");
if (!analyze) process.stderr.write('SKIPPED "the units": there is no systemd-analyze here\n');

describe.skipIf(!analyze)("the units", () => {
  test("are valid for systemd", async () => {
    const folder = await scratchFolder();
    onTestFinished(() => rm(folder, { recursive: true }));
    await mkdir(join(folder, "units"));
    const units = await Promise.all(
      UNITS.map(async (path) => {
        const unit = join(folder, "units", basename(path));
        // systemd insists on a program that is installed.
        await writeFile(unit, read(path).replaceAll("/usr/local/bin/otc-etl", process.execPath));
        return unit;
      }),
    );
    expect(units).toHaveLength(4);
    const output = execFileSync("systemd-analyze", ["verify", "--man=no", ...units], { encoding: "utf8" });
    expect(output).toBe("");
  });
});

interface Pod {
  readonly containers: readonly Container[];
  readonly volumes: readonly { readonly name: string }[];
}

function parseDocuments(text: string): readonly unknown[] {
  return parseAllDocuments(text).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS() as unknown;
  });
}

function containersIn(value: unknown): readonly Container[] {
  return podsIn(value).flatMap(({ containers }) => containers);
}

/** Wherever they stand in a manifest. */
function podsIn(value: unknown): readonly Pod[] {
  if (typeof value !== "object" || value === null) return [];
  return [...("containers" in value ? [value as Pod] : []), ...Object.values(value).flatMap(podsIn)];
}

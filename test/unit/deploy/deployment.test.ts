import { execFileSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { DCLinter } from "dclint";
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
const KUSTOMIZATION = "deploy/kubernetes/kustomization.yaml";
const PAGES = ["README.md", "CONTRIBUTING.md", ...globSync("docs/*.md", { cwd: root })];

interface ComposeService {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly mem_limit?: string;
  readonly logging?: { readonly options: Readonly<Record<string, string>> };
  readonly secrets?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, unknown>>;
}

interface LintedFile {
  readonly messages: readonly { readonly rule: string; readonly message: string }[];
}

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly data?: Readonly<Record<string, string>>;
}

interface Container {
  readonly envFrom: readonly unknown[];
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
        expect.arrayContaining(
          volumes.filter((volume) => !volume.startsWith("./")).map((volume) => volume.split(":")[0]),
        ),
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

describe("compose.yaml", () => {
  test("has no fault that dclint finds", () => {
    // The order of keys is ours.
    const ours = ["service-keys-order", "services-alphabetical-order", "top-level-properties-order"];
    const linter = new DCLinter({
      rules: {
        ...Object.fromEntries(ours.map((rule) => [rule, 0])),
        "require-quotes-in-ports": [2, { quoteType: "double" }],
      },
      quiet: false,
      debug: false,
      exclude: [],
    });
    const found = linter.lintFiles([join(root, "compose.yaml")], false) as readonly LintedFile[];
    expect(
      found.flatMap(({ messages }) => messages.map(({ rule, message }) => `${rule}: ${message}`)),
    ).toEqual([]);
  });

  test("bounds memory and logs, and gives no service of otc-etl the superuser", () => {
    const services = Object.entries(compose.services);
    for (const [name, { mem_limit, logging }] of services) {
      expect(mem_limit, name).toMatch(/^\d+[mg]$/);
      expect(logging?.options, name).toEqual({ "max-size": "10m", "max-file": "5" });
    }
    const users = services.filter(([name]) => name !== "postgres").map(([, { environment }]) => environment);
    expect(users.map((environment) => environment?.["OTC_PG_USER"])).toEqual([
      "otc_etl",
      "otc_etl",
      "otc_web",
    ]);
    for (const [name, { secrets = [] }] of services) {
      expect(secrets.includes("postgres_password"), name).toBe(name === "postgres");
    }
  });

  test("creates the roles by the statements of docs/operations.md", () => {
    const statementsOf = (text: string): string[] =>
      [...text.matchAll(/^(?:create|grant|alter) [^;]*;/gm)]
        .map(([statement]) => statement.replace(/password [^;]*;/, "password;"))
        .filter((statement) => !/analysts;$|create role analysts/.test(statement.replace(/otc_web, /, "")));
    const documented = /^### Roles$.*?^```$/ms.exec(read("docs/operations.md"))?.[0] ?? "";
    const created = statementsOf(read("deploy/compose/roles.sh"));
    expect(created.length).toBeGreaterThan(6);
    const withoutAnalysts = documented.replaceAll(", analysts", "");
    expect(created).toEqual(statementsOf(withoutAnalysts));
  });
});

describe("the manifests for Kubernetes", () => {
  const objects = MANIFESTS.filter((path) => path !== KUSTOMIZATION).flatMap((path) =>
    parseDocuments(read(path)).map((object) => ({ path, object: object as Manifest })),
  );

  test("have the types of its API", async () => {
    expect(objects.length).toBeGreaterThan(7);
    for (const { path, object } of objects) {
      const models = (await import(/* @vite-ignore */ `kubernetes-models/${object.apiVersion}`)) as Record<
        string,
        (new (data: Manifest) => { validate(): void }) | undefined
      >;
      const Model = models[object.kind];
      if (Model === undefined) throw new Error(`${path}: there is no ${object.kind} in ${object.apiVersion}`);
      expect(() => {
        new Model(object).validate();
      }, path).not.toThrow();
      expect(() => {
        new Model({ ...object, metadata: { name: 17 } } as Manifest).validate();
      }, path).toThrow();
    }
  });

  test("are all in the kustomization, but for what runs before or instead", () => {
    const { resources } = parse(read(KUSTOMIZATION)) as { resources: readonly string[] };
    const others = ["kustomization.yaml", "load-cronjob.yaml", "migrate-job.yaml"];
    expect([...resources, ...others].toSorted()).toEqual(MANIFESTS.map((path) => basename(path)).toSorted());
  });

  test("keep secrets out of the settings that all pods share", () => {
    const shared = objects.find(({ object }) => object.kind === "ConfigMap")?.object.data ?? {};
    expect(Object.keys(shared)).toContain("OTC_API_URL");
    expect(Object.keys(shared).filter((name) => name.endsWith("_FILE"))).toEqual([]);
    expect(shared["OTC_PG_SSLMODE"]).toBe("verify-full");
    const pods = MANIFESTS.flatMap((path) => containersIn(parseDocuments(read(path))));
    for (const { envFrom } of pods) expect(envFrom).toEqual([{ configMapRef: { name: "otc-etl" } }]);
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
    expect(units).toHaveLength(5);
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

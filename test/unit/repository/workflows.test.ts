import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const WORKFLOWS = globSync(".github/workflows/*.yml", { cwd: root });

interface Job {
  readonly "timeout-minutes"?: number;
  readonly steps: readonly {
    readonly id?: string;
    readonly run?: string;
    readonly uses?: string;
    readonly with?: Readonly<Record<string, unknown>>;
  }[];
}

describe("the workflows", () => {
  test("pin every action to a commit, and name its version", () => {
    const uses = WORKFLOWS.flatMap((path) => read(path).match(/uses: .*$/gm) ?? []);
    expect(uses.length).toBeGreaterThan(5);
    for (const use of uses) expect(use).toMatch(/^uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test("build the image that is released on the digest of the base that the Dockerfile names", () => {
    const { steps } = (parse(read(".github/workflows/release.yml")) as { jobs: Record<string, Job> }).jobs[
      "image"
    ]!;
    const name = /^ARG NODE_IMAGE=(node:\d+-slim)$/m.exec(read("Dockerfile"))?.[1];
    expect(name).toBeDefined();
    expect(
      read("Dockerfile")
        .match(/^FROM .*$/gm)
        ?.map((line) => line.replace(/--platform=\S+ | AS .*/g, "")),
    ).toEqual(["FROM $NODE_IMAGE", "FROM $NODE_IMAGE"]);
    const build = steps.find(({ uses = "" }) => uses.startsWith("docker/build-push-action@"));
    expect(build?.with?.["build-args"]).toBe(
      "NODE_IMAGE=${{ steps.base.outputs.name }}@${{ steps.base.outputs.digest }}",
    );
    expect(steps.find(({ id }) => id === "base")?.run).toContain("sed -n 's/^ARG NODE_IMAGE=//p' Dockerfile");
  });

  test("may do nothing but read unless a job says otherwise, and end after some time", () => {
    for (const path of WORKFLOWS) {
      const { permissions, jobs } = parse(read(path)) as { permissions: unknown; jobs: Record<string, Job> };
      expect(permissions, path).toEqual({ contents: "read" });
      for (const [name, job] of Object.entries(jobs)) expect(job["timeout-minutes"], name).toBeGreaterThan(0);
    }
  });

  test("run only scripts of npm that exist", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const runs = WORKFLOWS.flatMap((path) =>
      [...read(path).matchAll(/npm run ([\w:]+)/g)].map(([, name = ""]) => name),
    );
    expect(runs.length).toBeGreaterThan(3);
    for (const name of runs) expect(Object.keys(scripts)).toContain(name);
  });

  test("are for the Node that .nvmrc and package.json name", () => {
    const { devDependencies } = JSON.parse(read("package.json")) as {
      devDependencies: Record<string, string>;
    };
    expect(devDependencies["node"]?.split(".")[0]).toBe(read(".nvmrc").trim());
  });
});

test("secrets in the checkout are ignored by git", () => {
  expect(read(".gitignore").split("\n")).toEqual(expect.arrayContaining(["secrets/", ".env"]));
});

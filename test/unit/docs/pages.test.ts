import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { viewCatalog } from "../../../src/views/catalog.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const PAGES = globSync(["*.md", "docs/**/*.md"], { cwd: root });
const read = (page: string): string => readFileSync(join(root, page), "utf8");

/** Where a page points to, from the root, and the heading it means there. */
interface Link {
  readonly target: string;
  readonly anchor: string | undefined;
}

function linksOf(page: string): readonly Link[] {
  return [...withoutCode(read(page)).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)].map(
    ([, path = "", anchor]) => ({
      target: path === "" ? page : join(dirname(page), path).replace(/\/$/, ""),
      anchor,
    }),
  );
}

function withoutCode(markdown: string): string {
  return markdown.replaceAll(/^```.*?^```/gms, "");
}

/** As GitHub names them: lower case, without punctuation, spaces as hyphens. */
function anchorsOf(page: string): readonly string[] {
  return [...withoutCode(read(page)).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

describe("the pages", () => {
  test("link to files and headings that exist", () => {
    const broken = PAGES.flatMap((page) =>
      linksOf(page)
        .filter(({ target, anchor }) => {
          const path = join(root, target);
          if (!existsSync(path)) return true;
          return anchor !== undefined && !(statSync(path).isFile() && anchorsOf(target).includes(anchor));
        })
        .map(({ target, anchor = "" }) => `${page}: ${target}#${anchor}`),
    );
    expect(broken).toEqual([]);
  });

  test("explain every folder of the code: ARCHITECTURE has a line for it", () => {
    const code = globSync("src/**/*", { cwd: root, withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => `${relative(root, join(entry.parentPath, entry.name))}/`);
    const explained = new Set(
      [...read("ARCHITECTURE.md").matchAll(/^\| `([^`]+\/)`/gm)].map(([, folder]) => folder),
    );
    expect(code).toContain("src/load/stage/");
    expect(code.filter((folder) => !explained.has(folder))).toEqual([]);
  });

  test("are all in an index: docs/README.md, or docs/adr/README.md for decisions", () => {
    const indexed = ["docs/README.md", "docs/adr/README.md"].flatMap((index) =>
      linksOf(index).map(({ target }) => target),
    );
    const pages = PAGES.filter((page) => page.startsWith("docs/") && !page.endsWith("README.md"));
    expect(pages.filter((page) => !indexed.includes(page))).toEqual([]);
    expect(pages.length).toBeGreaterThan(30);
  });

  test("link to no file outside the repository", () => {
    const outside = PAGES.flatMap((page) =>
      linksOf(page)
        .filter(({ target }) => relative(root, join(root, target)).startsWith(".."))
        .map(({ target }) => `${page}: ${target}`),
    );
    expect(outside).toEqual([]);
  });

  test("README has at most 150 lines", () => {
    expect(read("README.md").trimEnd().split("\n").length).toBeLessThanOrEqual(150);
  });
});

test("the settings and the tables name the columns whose changes are kept by default", async () => {
  const tracked = (await viewCatalog()).flatMap((view) => view.history?.columns ?? []);
  expect(read("docs/settings.md")).toContain(`(default: ${tracked.slice(0, 5).join(", ")}, `);
  for (const page of ["docs/settings.md", "docs/tables.md"]) {
    const missing = tracked.filter((column) => !read(page).includes(column));
    expect(missing, page).toEqual([]);
  }
});

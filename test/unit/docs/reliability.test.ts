import { existsSync, globSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const root = new URL("../../../", import.meta.url);

const read = (path: string): string => readFileSync(new URL(path, root), "utf8");

/** The paths below `test/` that a text names. */
function testPaths(text: string): readonly string[] {
  return [...text.matchAll(/`(test\/[^`]*)`/g)].map(([, path = ""]) => path);
}

/** The rows of all tables, without their heads and rules. */
function tableRows(markdown: string): readonly string[] {
  const lines = markdown.split("\n");
  return lines.filter(
    (line, index) => line.startsWith("|") && !/^\| *-/.test(line) && !/^\| *-/.test(lines[index + 1] ?? ""),
  );
}

describe("docs/reliability.md", () => {
  const rows = tableRows(read("docs/reliability.md"));

  test("names an existing test file for every promise", () => {
    expect(rows.length).toBeGreaterThan(40);
    for (const row of rows) {
      const [, promise = "", fault = "", outcome = "", shownBy = ""] = row
        .split("|")
        .map((cell) => cell.trim());
      for (const cell of [promise, fault, outcome]) expect(cell, row).toMatch(/\.$/);
      const paths = testPaths(shownBy);
      expect(paths.map((path) => `\`${path}\``).join(", "), row).toBe(shownBy);
      for (const path of paths) {
        expect(path, row).toMatch(/\.test\.ts$/);
        expect(existsSync(new URL(path, root)), path).toBe(true);
      }
    }
  });

  test("has a row for every test file of faults", () => {
    const named = testPaths(rows.join("\n"));
    const faults = globSync("test/integration/faults/*.test.ts", { cwd: root });
    expect(faults.length).toBeGreaterThan(5);
    expect(faults.filter((path) => !named.includes(path))).toEqual([]);
  });
});

test("ARCHITECTURE.md names tests that exist", () => {
  const paths = testPaths(read("ARCHITECTURE.md"));
  expect(paths.length).toBeGreaterThan(20);
  expect(paths.filter((path) => !existsSync(new URL(path, root)))).toEqual([]);
});

import { mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { contentKey, fromCache } from "../../support/folder-cache.ts";
import { scratchFolderSync } from "../../support/scratch-folder.ts";

function newFolder(): string {
  const folder = scratchFolderSync();
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  return folder;
}

describe("a folder that the tests keep from run to run", () => {
  test("is created once under its key, and copied afterwards", async () => {
    const cache = join(newFolder(), "cache");
    let created = 0;
    const filled = async (key: string): Promise<string> => {
      const folder = newFolder();
      await fromCache(cache, key, folder, () => {
        created += 1;
        mkdirSync(join(folder, "inside"));
        writeFileSync(join(folder, "inside", "file"), `content ${created}`);
        return Promise.resolve();
      });
      return readFileSync(join(folder, "inside", "file"), "utf8");
    };
    expect([await filled("a"), await filled("a"), await filled("b"), await filled("a")]).toEqual([
      "content 1",
      "content 1",
      "content 2",
      "content 1",
    ]);
    expect(readdirSync(cache).sort()).toEqual(["a", "b"]);
  });

  test("is not kept when it could not be created, and not for ever", async () => {
    const cache = newFolder();
    const broken = fromCache(cache, "broken", newFolder(), () => Promise.reject(new Error("no space")));
    await expect(broken).rejects.toThrow("no space");
    expect(readdirSync(cache)).toEqual([]);
    const lastWeek = new Date(Date.now() - 7 * 86_400_000);
    for (const name of ["unused", "unfinished.1f"]) {
      mkdirSync(join(cache, name));
      utimesSync(join(cache, name), lastWeek, lastWeek);
    }
    await fromCache(cache, "new", newFolder(), () => Promise.resolve());
    expect(readdirSync(cache)).toEqual(["new"]);
  });

  test("has another key when a file is changed, renamed or added", () => {
    const root = newFolder();
    const keys = new Set<string>();
    const add = () => keys.add(contentKey(root, ["*.sql"]));
    writeFileSync(join(root, "1.sql"), "select 1");
    add();
    writeFileSync(join(root, "notes.txt"), "of no interest");
    add();
    expect(keys.size).toBe(1);
    writeFileSync(join(root, "1.sql"), "select 2");
    add();
    writeFileSync(join(root, "2.sql"), "");
    add();
    rmSync(join(root, "1.sql"));
    writeFileSync(join(root, "3.sql"), "select 2");
    add();
    expect(keys.size).toBe(4);
  });
});

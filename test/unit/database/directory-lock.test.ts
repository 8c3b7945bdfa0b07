import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, describe, expect, it } from "vitest";
import { lockDirectory } from "../../../src/database/directory-lock.ts";

/** Takes the lock of the directory in its argument, tells how that went, and holds it until its input ends. */
const TAKER = `
const { lockDirectory } = await import(${JSON.stringify(new URL("../../../src/database/directory-lock.ts", import.meta.url).href)});
process.stdin.once("data", async () => {
  const outcome = await lockDirectory(process.argv[1]).then(() => "taken", (error) => \`\${error.code} \${error.message}\`);
  console.log(outcome);
});
process.stdin.once("end", () => process.exit());
console.log("ready");
`;

/** More than Linux lets a pid be. */
const NO_PID = 2 ** 22 + 1;

const directories: string[] = [];
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await Promise.all(directories.splice(0).map((directory) => rm(directory, { recursive: true })));
});

async function newDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "otc-lock-"));
  directories.push(directory);
  return directory;
}

/** A process that is about to take the lock: `take` lets it, and tells how that went. */
async function startTaker(directory: string) {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", TAKER, directory], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  children.push(child);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  expect((await lines.next()).value).toBe("ready");
  const take = async (): Promise<string> => {
    child.stdin.write("\n");
    return String((await lines.next()).value);
  };
  return { child, take };
}

async function writeLock(directory: string, holder: unknown): Promise<void> {
  await writeFile(join(directory, "lock"), typeof holder === "string" ? holder : JSON.stringify(holder));
}

const deadHolder = { pid: NO_PID, host: hostname(), since: "2024-03-05T12:00:00.000Z", processStart: "1" };

describe("a directory's lock", () => {
  it("is refused to a second process, with the pid of the first, until the first releases it", async () => {
    const directory = await newDirectory();
    const lock = await lockDirectory(directory);
    await expect(lockDirectory(directory)).rejects.toMatchObject({
      code: "locked",
      message: expect.stringContaining(`${directory} is in use by process ${process.pid} on ${hostname()}`),
    });
    await lock.release();
    expect(await readdir(directory)).toEqual([]);
    await (await lockDirectory(directory)).release();
  });

  it("is refused while another process holds it, and replaced when that process was killed", async () => {
    const directory = await newDirectory();
    const { child, take } = await startTaker(directory);
    expect(await take()).toBe("taken");
    await expect(lockDirectory(directory)).rejects.toMatchObject({
      code: "locked",
      message: expect.stringContaining(`process ${String(child.pid)} `),
    });

    child.kill("SIGKILL");
    await once(child, "exit");
    const lock = await lockDirectory(directory);
    expect(JSON.parse(await readFile(join(directory, "lock"), "utf8"))).toMatchObject({ pid: process.pid });
    await lock.release();
    expect(await readdir(directory)).toEqual([]);
  });

  it.each([
    ["free", undefined],
    ["held by a dead process", deadHolder],
  ])("that is %s is taken by exactly one of ten processes at once", async (_state, holder) => {
    const directory = await newDirectory();
    if (holder !== undefined) await writeLock(directory, holder);
    const takers = await Promise.all(Array.from({ length: 10 }, () => startTaker(directory)));
    const outcomes = await Promise.all(takers.map(({ take }) => take()));
    const winner = takers[outcomes.indexOf("taken")];
    expect(outcomes.filter((outcome) => outcome === "taken")).toHaveLength(1);
    for (const outcome of outcomes.filter((other) => other !== "taken")) expect(outcome).toMatch(/^locked /);
    expect(JSON.parse(await readFile(join(directory, "lock"), "utf8"))).toMatchObject({
      pid: winner?.child.pid,
    });
  });

  it("of a dead process is replaced by exactly one of ten processes, repeatedly", async () => {
    for (let round = 0; round < 15; round += 1) {
      const directory = await newDirectory();
      await writeLock(directory, deadHolder);
      const takers = await Promise.allSettled(Array.from({ length: 10 }, () => lockDirectory(directory)));
      expect(takers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      expect(await readdir(directory)).toEqual(["lock"]);
    }
  });

  it("of a process whose pid has been reused is replaced", async () => {
    // Only Linux tells when a process was started.
    if (!existsSync("/proc/self/stat")) return;
    const directory = await newDirectory();
    await writeLock(directory, { ...deadHolder, pid: process.pid });
    await (await lockDirectory(directory)).release();
  });

  it("of another machine is respected, because its processes cannot be checked", async () => {
    const directory = await newDirectory();
    await writeLock(directory, { ...deadHolder, host: "elsewhere.example.com" });
    await expect(lockDirectory(directory)).rejects.toThrow(
      "on elsewhere.example.com since 2024-03-05T12:00:00.000Z",
    );
  });

  it.each(["", "\0\0\0\0", "{", "null", "12", "[]", "{}"])(
    "that a crash of the machine made unreadable is replaced: %j",
    async (content) => {
      const directory = await newDirectory();
      await writeLock(directory, content);
      const lock = await lockDirectory(directory);
      expect(JSON.parse(await readFile(join(directory, "lock"), "utf8"))).toMatchObject({ pid: process.pid });
      await lock.release();
      expect(await readdir(directory)).toEqual([]);
    },
  );

  it("whose replacement was interrupted by a second crash is still replaced", async () => {
    const directory = await newDirectory();
    await writeLock(directory, deadHolder);
    const guard = createHash("sha256").update(JSON.stringify(deadHolder)).digest("hex").slice(0, 16);
    await writeFile(join(directory, `lock.${guard}`), JSON.stringify({ ...deadHolder, pid: NO_PID + 1 }));
    const takers = await Promise.allSettled(Array.from({ length: 10 }, () => lockDirectory(directory)));
    expect(takers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await readdir(directory)).toEqual(["lock"]);
  });

  it("is readable by its owner only", async () => {
    const directory = await newDirectory();
    const lock = await lockDirectory(directory);
    expect((await stat(join(directory, "lock"))).mode & 0o777).toBe(0o600);
    await lock.release();
  });

  it("cannot be taken in a directory that does not exist", async () => {
    await expect(lockDirectory(join(await newDirectory(), "absent"))).rejects.toThrow("ENOENT");
  });
});

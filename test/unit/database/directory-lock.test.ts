import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, describe, expect, it } from "vitest";
import { lockDirectory } from "../../../src/database/embedded/directory-lock.ts";

/** Takes the lock of the directory in its argument, tells how that went, and holds it until its input ends. */
const TAKER = `
const { lockDirectory } = await import(${JSON.stringify(new URL("../../../src/database/embedded/directory-lock.ts", import.meta.url).href)});
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
async function startTaker(directory: string, prefix: readonly string[] = []) {
  const [command, ...args] = [...prefix, process.execPath, "--input-type=module", "--eval", TAKER, directory];
  const child = spawn(command, args, {
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

/** As a process leaves it that could not remove it. */
const deadHolder = { pid: NO_PID, host: hostname(), since: "2024-03-05T12:00:00.000Z", processStart: "1" };

async function writeHolder(directory: string, holder: unknown): Promise<void> {
  await writeFile(join(directory, "lock"), typeof holder === "string" ? holder : JSON.stringify(holder));
}

/** What begins a program in namespaces of its own, as a container does. Undefined where that is not permitted. */
function unshared(...namespaces: readonly string[]): readonly string[] | undefined {
  const command = ["unshare", ...namespaces];
  const { status } = spawnSync("unshare", [...namespaces, "true"]);
  if (status === 0) return command;
  process.stderr.write(`SKIPPED: ${command.join(" ")} is not permitted here\n`);
  return undefined;
}

describe("a directory's lock", () => {
  it("is refused to a second process, with the pid of the first, until the first releases it", async () => {
    const directory = await newDirectory();
    const lock = await lockDirectory(directory);
    await expect(lockDirectory(directory)).rejects.toMatchObject({
      code: "locked",
      message: expect.stringContaining(`${directory} is in use by process ${process.pid} on ${hostname()}`),
    });
    await lock.release();
    expect(await readdir(directory)).toEqual(["lock.db"]);
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
    expect(await readdir(directory)).toEqual(["lock.db"]);
  });

  it.each([
    ["free", undefined],
    ["held by a dead process", deadHolder],
  ])("that is %s is taken by exactly one of ten processes at once", async (_state, holder) => {
    const directory = await newDirectory();
    if (holder !== undefined) await writeHolder(directory, holder);
    const takers = await Promise.all(Array.from({ length: 10 }, () => startTaker(directory)));
    const outcomes = await Promise.all(takers.map(({ take }) => take()));
    const winner = takers[outcomes.indexOf("taken")];
    expect(outcomes.filter((outcome) => outcome === "taken")).toHaveLength(1);
    for (const outcome of outcomes.filter((other) => other !== "taken")) expect(outcome).toMatch(/^locked /);
    expect(JSON.parse(await readFile(join(directory, "lock"), "utf8"))).toMatchObject({
      pid: winner?.child.pid,
    });
  });

  it("is taken by exactly one of ten callers of a process, repeatedly", { timeout: 20_000 }, async () => {
    for (let round = 0; round < 3; round += 1) {
      const directory = await newDirectory();
      const takers = await Promise.allSettled(Array.from({ length: 10 }, () => lockDirectory(directory)));
      expect(takers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      const { take } = await startTaker(directory);
      expect(await take()).toMatch(/^locked /);
    }
  });

  it("excludes a process of another container, which has another process namespace and the same host name", async () => {
    const container = unshared("--pid", "--fork", "--kill-child", "--mount-proc");
    if (container === undefined) return;
    const directory = await newDirectory();
    const inside = await startTaker(directory, container);
    expect(await inside.take()).toBe("taken");
    await expect(lockDirectory(directory)).rejects.toMatchObject({ code: "locked" });
    const other = await startTaker(directory, container);
    expect(await other.take()).toMatch(/^locked /);
    inside.child.kill("SIGKILL");
    await once(inside.child, "exit");
    await expect
      .poll(() =>
        lockDirectory(directory).then(
          () => "taken",
          () => "locked",
        ),
      )
      .toBe("taken");
    const third = await startTaker(directory, container);
    expect(await third.take()).toMatch(/^locked .* is in use by process/);
  });

  it("of a killed process can be taken by one with another host name, as in every new container", async () => {
    const container = unshared("--uts", "sh", "-c", 'hostname elsewhere && exec "$0" "$@"');
    if (container === undefined) return;
    const directory = await newDirectory();
    const inside = await startTaker(directory, container);
    expect(await inside.take()).toBe("taken");
    await expect(lockDirectory(directory)).rejects.toThrow(/ on elsewhere since /);
    inside.child.kill("SIGKILL");
    await once(inside.child, "exit");
    await (await lockDirectory(directory)).release();
  });

  it.each([
    deadHolder,
    { ...deadHolder, pid: process.pid },
    { ...deadHolder, host: "elsewhere" },
    "",
    "\0\0",
    "{",
    "null",
    "[]",
  ])("is free, whatever a process that has ended left behind: %j", async (content) => {
    const directory = await newDirectory();
    await writeHolder(directory, content);
    const lock = await lockDirectory(directory);
    expect(JSON.parse(await readFile(join(directory, "lock"), "utf8"))).toMatchObject({ pid: process.pid });
    await lock.release();
  });

  it("is refused even if nobody can tell who holds it", async () => {
    const directory = await newDirectory();
    await lockDirectory(directory);
    await rm(join(directory, "lock"));
    await expect(lockDirectory(directory)).rejects.toThrow("is in use by another process.");
  });

  it("names the file if it cannot be locked", async () => {
    const directory = await newDirectory();
    await writeFile(join(directory, "lock.db"), "this is not an empty file");
    await expect(lockDirectory(directory)).rejects.toMatchObject({
      code: "configuration",
      message: expect.stringContaining(join(directory, "lock.db")),
    });
  });

  it("is readable by its owner only", async () => {
    const directory = await newDirectory();
    const lock = await lockDirectory(directory);
    for (const file of ["lock", "lock.db"]) {
      expect((await stat(join(directory, file))).mode & 0o777).toBe(0o600);
    }
    await lock.release();
  });

  it("cannot be taken in a directory that does not exist", async () => {
    await expect(lockDirectory(join(await newDirectory(), "absent"))).rejects.toThrow("ENOENT");
  });
});

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bashScript } from "../../../src/cli/completion/bash-script.ts";
import { completedCommand } from "../../../src/cli/completion/completed-command.ts";
import { fishScript } from "../../../src/cli/completion/fish-script.ts";
import { zshScript } from "../../../src/cli/completion/zsh-script.ts";
import { scratchFolder } from "../../support/scratch-folder.ts";
import { silentProgram } from "../../../scripts/silent-program.ts";

const ASK_ZSH = fileURLToPath(new URL("../../support/ask-zsh.zsh", import.meta.url));

const program = completedCommand(silentProgram(), ["tickets", "comments"]);
let folder: string;

beforeAll(async () => {
  folder = await scratchFolder();
  await writeFile(join(folder, "script.bash"), bashScript(program));
  await writeFile(join(folder, "script.zsh"), zshScript(program));
  await writeFile(join(folder, "script.fish"), fishScript(program));
});

afterAll(() => rm(folder, { recursive: true }));

/** What a shell is asked, word by word, with what it should offer. Bash has `=` for a word of its own. */
const QUESTIONS: readonly (readonly [typed: readonly string[], offered: readonly string[]])[] = [
  [["lo"], ["load"]],
  [
    ["load", ""],
    ["tickets", "comments", "all"],
  ],
  [["load", "tic"], ["tickets"]],
  [["--log-format", "json", "rej"], ["rejects"]],
  [
    ["rejects", ""],
    ["list", "show", "retry", "clear"],
  ],
  [
    ["rejects", "list", "--view", ""],
    ["tickets", "comments"],
  ],
  [["rejects", "list", "--run", ""], []],
  [
    ["load", "--log-format", ""],
    ["text", "json"],
  ],
  [["load", "tickets", "--data-"], ["--data-dir"]],
  [["import", "--dry"], ["--dry-run"]],
  [["completion", "z"], ["zsh"]],
  [
    ["import", "x.csv", "--format", ""],
    ["xlsx", "csv", "json", "ndjson"],
  ],
  [["rejects", "list", "--reason", "missing"], ["missing_key"]],
  [["rejects", "clear", "--view", "com"], ["comments"]],
  [
    ["missing", "list", "--action", ""],
    ["reported", "soft-deleted", "archived", "restored"],
  ],
  [["missing", "re"], ["restore"]],
  [
    ["load", "--pg-sslmode", "verify"],
    ["verify-ca", "verify-full"],
  ],
  [["load", "--api-username", "script"], []],
  [
    ["load", "--view-missing", "tickets"],
    ["tickets=ignore", "tickets=report", "tickets=soft-delete", "tickets=archive"],
  ],
];

describe("in bash", () => {
  const ask = (words: readonly string[]): string =>
    execFileSync(
      "bash",
      [
        "-c",
        'source script.bash; COMP_WORDS=(otc-etl "$@"); COMP_CWORD=$#; _otc_etl; echo "${COMPREPLY[*]}"',
        "bash",
        ...words,
      ],
      { cwd: folder, encoding: "utf8" },
    ).trim();

  test.each(QUESTIONS)("%j is completed to %j", (typed, offered) => {
    expect(ask(typed)).toBe(offered.join(" "));
  });

  test("a value after an equals sign is completed", () => {
    expect(ask(["import", "--view", "=", "ti"])).toBe("tickets");
    expect(ask(["import", "--view", "="])).toBe("tickets comments");
  });

  test("bash completes files, and typed text is never executed", () => {
    expect(
      execFileSync("bash", ["-c", "source script.bash; complete -p otc-etl"], {
        cwd: folder,
        encoding: "utf8",
      }),
    ).toBe("complete -o default -F _otc_etl otc-etl\n");
    expect(ask(["load", "--from", ""])).toBe("");
    expect(ask(["load", "$(touch trace)", "--data-"])).toBe("--data-dir");
    expect(existsSync(join(folder, "trace"))).toBe(false);
  });
});

describeWithShell("fish", () => {
  const ask = (words: readonly string[]): string[] =>
    execFileSync(
      "fish",
      ["--no-config", "-c", `source script.fish; complete -C 'otc-etl ${words.join(" ")}'`],
      {
        cwd: folder,
        encoding: "utf8",
        env: { ...process.env, HOME: folder },
      },
    )
      .split("\n")
      .flatMap((line) => line.split("\t")[0] ?? [])
      .filter((word) => word !== "");

  test.each(QUESTIONS)("%j is completed to %j", (typed, offered) => {
    expect(ask(typed).toSorted()).toEqual(offered.toSorted());
  });

  test.each(["load --from", "import --map-file", "load --data-dir", "worker --alive-file", "import"])(
    "%j is completed with files",
    (typed) => {
      expect(ask([typed, "script.b"])).toContain("script.bash");
    },
  );
});

describeWithShell("zsh", () => {
  const ask = (lines: readonly string[]): string[][] =>
    execFileSync("zsh", ["-f", ASK_ZSH, join(folder, "script.zsh"), ...lines], {
      cwd: folder,
      // It waits for answers.
      timeout: 25_000,
      encoding: "utf8",
      env: { ...process.env, HOME: folder },
    })
      .split("\n")
      .map((line) => line.split(" ").filter((word) => word !== ""))
      .slice(0, lines.length);

  test("every question is answered", () => {
    const answers = ask(QUESTIONS.map(([typed]) => `otc-etl ${typed.join(" ")}`));
    const sorted = (words: readonly string[]): string => words.toSorted().join(" ");
    expect(QUESTIONS.map(([typed], index) => [typed, sorted(answers[index] ?? ["no answer"])])).toEqual(
      QUESTIONS.map(([typed, offered]) => [typed, sorted(offered)]),
    );
  });

  test("paths are completed with files, and typed text is never executed", () => {
    expect(ask(["otc-etl load --from script.b", "otc-etl load $(touch trace) --data-"])).toEqual([
      ["script.bash"],
      ["--data-dir"],
    ]);
    expect(existsSync(join(folder, "trace"))).toBe(false);
  });
});

/** A `describe` for a shell that need not be there; stderr says so when it is not. */
function describeWithShell(shell: string, body: () => void): void {
  const path = (process.env["PATH"] ?? "").split(":").some((directory) => existsSync(join(directory, shell)));
  if (!path) process.stderr.write(`SKIPPED "in ${shell}": it is not installed\n`);
  describe.skipIf(!path)(`in ${shell}`, body);
}

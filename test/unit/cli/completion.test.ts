import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bashScript } from "../../../src/cli/completion/bash-script.ts";
import { completedCommand } from "../../../src/cli/completion/completed-command.ts";
import { fishScript } from "../../../src/cli/completion/fish-script.ts";
import { zshScript } from "../../../src/cli/completion/zsh-script.ts";
import { scratchFolder } from "../../support/scratch-folder.ts";
import { silentProgram } from "../../../scripts/silent-program.ts";

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
  test("the script is valid for zsh", () => {
    execFileSync("zsh", ["-n", "script.zsh"], { cwd: folder });
  });
});

/** A `describe` for a shell that need not be there; stderr says so when it is not. */
function describeWithShell(shell: string, body: () => void): void {
  const path = (process.env["PATH"] ?? "").split(":").some((directory) => existsSync(join(directory, shell)));
  if (!path) process.stderr.write(`SKIPPED "in ${shell}": it is not installed\n`);
  describe.skipIf(!path)(`in ${shell}`, body);
}
